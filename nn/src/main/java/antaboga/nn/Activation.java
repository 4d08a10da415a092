// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Tensor;

/** Functions of single elements, as layers. */
public enum Activation implements Layer {
  /** {@code max(x, 0)}. */
  RELU,
  /** {@code x Phi(x)} with the exact error function. */
  GELU,
  /** {@code x sigmoid(x)}. */
  SILU,
  /** {@code 1 / (1 + e^-x)}. */
  SIGMOID,
  /** The hyperbolic tangent. */
  TANH,
  /** {@code x} itself. */
  IDENTITY;

  @Override
  public Tensor forward(Tensor x) {
    return switch (this) {
      case RELU -> x.relu();
      case GELU -> x.gelu();
      case SILU -> x.silu();
      case SIGMOID -> x.sigmoid();
      case TANH -> x.tanh();
      case IDENTITY -> x;
    };
  }

  /** {@code x} where positive, else {@code slope x}. */
  public static Layer leakyRelu(double slope) {
    return new LeakyRelu(slope);
  }

  private record LeakyRelu(double slope) implements Layer {
    @Override
    public Tensor forward(Tensor x) {
      return x.leakyRelu(slope);
    }
  }
}
