// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The sigmoid linear unit {@code x / (1 + e^-x)}. */
public interface SiluKernel {
  /** Which body is used, and why not another. */
  Choice<SiluKernel> CHOICE = Choice.of("antaboga.silu", providers());

  /** The value of each element. */
  INDArray forward(INDArray x);

  /** The gradient times the derivative at x, {@code s (1 + x (1 - s))} with s the sigmoid. */
  INDArray backward(INDArray gradient, INDArray x);

  /** {@code x silu(z)}: SiLU as a gate; both of one shape. */
  INDArray gate(INDArray x, INDArray z);

  /** The gradients of x and z from that of {@link #gate}. */
  INDArray[] gateBackward(INDArray gradient, INDArray x, INDArray z);

  /** All bodies. */
  static List<Provider<SiluKernel>> providers() {
    return List.of(
        Providers.scalar(() -> new ScalarSilu()), Providers.vector(() -> new VectorSilu()));
  }

  /** The body in use: the best available, or the one named by {@code antaboga.silu}. */
  static SiluKernel chosen() {
    return CHOICE.get();
  }
}
