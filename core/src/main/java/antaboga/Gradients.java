// SPDX-License-Identifier: Apache-2.0
package antaboga;

import antaboga.ops.Arrays;
import antaboga.ops.Reduction;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The gradients of one loss by leaf. They live in the memory of their tape: use them before it
 * closes. A leaf on which the loss does not depend has none.
 */
public final class Gradients {
  private final IdentityHashMap<Tensor, INDArray> byTensor = new IdentityHashMap<>();
  private final IdentityHashMap<Tensor, Boolean> owned = new IdentityHashMap<>();

  Gradients() {}

  void add(Tensor tensor, INDArray gradient) {
    Arrays.sameShape("gradient of " + tensor, gradient, tensor.array());
    var sum = byTensor.get(tensor);
    if (sum == null) {
      byTensor.put(tensor, gradient);
    } else if (owned.containsKey(tensor)) {
      sum.addi(gradient);
    } else { // a pullback may have handed the same array to two inputs
      byTensor.put(tensor, sum.add(gradient));
      owned.put(tensor, true);
    }
  }

  /** The same with a gradient whose memory will be given back. */
  void addCopy(Tensor tensor, INDArray gradient) {
    if (byTensor.containsKey(tensor)) {
      add(tensor, gradient);
    } else {
      add(tensor, gradient.dup('c'));
      owned.put(tensor, true);
    }
  }

  @Nullable INDArray take(Tensor tensor) {
    owned.remove(tensor);
    return byTensor.remove(tensor);
  }

  /** The leaves that have a gradient. */
  public Collection<Tensor> leaves() {
    return Collections.unmodifiableSet(byTensor.keySet());
  }

  /** The gradient of a leaf, in its shape; empty if the loss does not depend on it. */
  public Optional<Tensor> of(Tensor leaf) {
    return Optional.ofNullable(byTensor.get(leaf)).map(Tensor::of);
  }

  /**
   * The Euclidean norm of all gradients together, as {@code torch.nn.utils.clip_grad_norm_}
   * computes it.
   */
  public double norm() {
    // an identity map has no order of its own, and a sum depends on the order
    var squares = byTensor.values().stream().mapToDouble(Reduction::sumOfSquares).sorted();
    return Math.sqrt(squares.reduce(0, Double::sum));
  }

  /**
   * These gradients scaled by {@code min(1, max / (norm + 1e-6))}, PyTorch's rule.
   *
   * @param max the largest norm to let through, positive
   */
  public Gradients clip(double max) {
    if (!(max > 0)) {
      throw new IllegalArgumentException("clip: max " + max + ", expected > 0");
    }
    double scale = max / (norm() + 1e-6);
    if (!(scale < 1)) {
      return this;
    }
    var clipped = new Gradients();
    byTensor.forEach((tensor, gradient) -> clipped.add(tensor, gradient.mul(scale)));
    return clipped;
  }
}
