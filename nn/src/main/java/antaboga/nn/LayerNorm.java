// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Parameter;
import antaboga.Tensor;

/**
 * Normalises over the last axis: {@code (x - mean) / sqrt(variance + eps) * weight + bias}; x (...,
 * width), weight and bias (width). Keys and start as {@code torch.nn.LayerNorm}.
 *
 * <p>Source: Ba et al. 2016, arXiv 1607.06450.
 */
public record LayerNorm(Parameter weight, Parameter bias, double eps) implements Layer {
  /** Starts with weight 1 and bias 0. */
  public LayerNorm(Weights w, long width, double eps) {
    this(w.get("weight", Init.ones(), width), w.get("bias", Init.zeros(), width), eps);
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.layerNorm(weight, bias, eps);
  }
}
