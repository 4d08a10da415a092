// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Parameter;
import antaboga.Tensor;

/**
 * Normalises over the channels of each position: x (B, C, H, W), weight and bias (C). Source:
 * {@code LayerNorm2d} of segment_anything, whose eps is 1e-6.
 */
public record LayerNorm2d(Parameter weight, Parameter bias, double eps) implements Layer {
  /** Starts with weight 1 and bias 0; eps 1e-6. */
  public LayerNorm2d(Weights w, long channels) {
    this(w, channels, 1e-6);
  }

  /** Starts with weight 1 and bias 0. */
  public LayerNorm2d(Weights w, long channels, double eps) {
    this(w.get("weight", Init.ones(), channels), w.get("bias", Init.zeros(), channels), eps);
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.channelNorm(weight, bias, eps);
  }
}
