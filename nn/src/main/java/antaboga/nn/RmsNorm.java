// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Parameter;
import antaboga.Tensor;

/**
 * {@code x / sqrt(mean(x^2) + eps) * weight} over the last axis: x (..., width), weight (width).
 *
 * <p>Source: Zhang and Sennrich 2019, arXiv 1910.07467.
 */
public record RmsNorm(Parameter weight, double eps) implements Layer {
  /** Starts with weight 1. */
  public RmsNorm(Weights w, long width, double eps) {
    this(w.get("weight", Init.ones(), width), eps);
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.rmsNorm(weight, eps);
  }
}
