// SPDX-License-Identifier: Apache-2.0
package antaboga;

import antaboga.kernel.Pointwise;
import antaboga.kernel.Runs;
import antaboga.ops.Arrays;
import antaboga.ops.Reduction;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The gradients of one loss by leaf. They live in the memory of their tape: use them before it
 * closes. A leaf on which the loss does not depend has none.
 */
public final class Gradients {
  private final IdentityHashMap<Tensor, INDArray> byTensor = new IdentityHashMap<>();
  private final Set<Tensor> owned = identitySet();
  private Set<Tensor> passing = identitySet(); // whose arrays the open stretch of a sweep has made

  Gradients() {}

  private static Set<Tensor> identitySet() {
    return Collections.newSetFromMap(new IdentityHashMap<>());
  }

  /**
   * Runs a stretch of a sweep in memory that will be given back. Gradients that are left over from
   * it move on: those of the tape that is swept to its memory, others to that of the stretch around
   * this one.
   */
  @SuppressWarnings("try") // lends by being open
  void sweep(
      Runnable stretch, Predicate<Tensor> own, MemoryWorkspace memory, MemoryWorkspace outside) {
    var around = passing;
    passing = identitySet();
    stretch.run();
    for (var tensor : passing) {
      boolean stays = own.test(tensor);
      try (var lent = (stays ? memory : outside).notifyScopeBorrowed()) {
        byTensor.computeIfPresent(tensor, (key, gradient) -> gradient.dup('c'));
      }
      owned.add(tensor);
      if (!stays) {
        around.add(tensor);
      }
    }
    passing = around;
  }

  void add(Tensor tensor, INDArray gradient) {
    if (!tensor.shape().equals(Shape.of(gradient.shape()))) {
      throw new ShapeException(
          "gradient of %s: shape %s".formatted(tensor, Shape.text(gradient.shape())));
    }
    var sum = byTensor.get(tensor);
    if (sum == null) {
      byTensor.put(tensor, gradient);
      passing.add(tensor);
    } else if (owned.contains(tensor)) {
      long all = sum.length();
      new Runs(1, all).add(gradient, 0, all, sum, 0, all);
    } else { // a pullback may have handed the same array to two inputs
      own(tensor, Pointwise.sum(sum, gradient));
    }
  }

  /** The gradient of a tensor, zeros at first, as an array to add to. */
  INDArray whole(Tensor tensor) {
    var sum = byTensor.get(tensor);
    if (sum == null) {
      var array = tensor.array();
      return own(tensor, Arrays.zeros(array.dataType(), array.shape()));
    }
    return owned.contains(tensor) ? sum : own(tensor, sum.dup('c'));
  }

  private INDArray own(Tensor tensor, INDArray sum) {
    byTensor.put(tensor, sum);
    passing.add(tensor);
    owned.add(tensor);
    return sum;
  }

  @Nullable INDArray take(Tensor tensor) {
    owned.remove(tensor);
    passing.remove(tensor);
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
