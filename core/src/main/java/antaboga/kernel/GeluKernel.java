// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The Gaussian error linear unit {@code x Phi(x)}, with the exact Phi or by tanh. */
public interface GeluKernel {
  /** Which body is used, and why not another. */
  Choice<GeluKernel> CHOICE = Choice.of("antaboga.gelu", providers());

  /** Which distribution function multiplies x. */
  enum Form {
    /** {@code (1 + erf(x / sqrt 2)) / 2}. */
    ERF,
    /** {@code (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2}. */
    TANH
  }

  /** The value of each element. */
  INDArray forward(INDArray x, Form form);

  /** The gradient times the derivative at x. */
  INDArray backward(INDArray gradient, INDArray x, Form form);

  /** All bodies. */
  static List<Provider<GeluKernel>> providers() {
    return List.of(
        Providers.scalar(() -> new ScalarGelu()), Providers.vector(() -> new VectorGelu()));
  }

  /** The body in use: the best available, or the one named by {@code antaboga.gelu}. */
  static GeluKernel chosen() {
    return CHOICE.get();
  }
}
