// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Tensor;

/**
 * Normalises each channel of each image over its positions, without weights: x (B, C, ...). With
 * weights it is {@link GroupNorm} with as many groups as channels. As {@code
 * torch.nn.InstanceNorm2d} by default.
 *
 * <p>Source: Ulyanov et al. 2016, arXiv 1607.08022.
 */
public record InstanceNorm(double eps) implements Layer {
  /** Eps 1e-5. */
  public InstanceNorm() {
    this(1e-5);
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.instanceNorm(eps);
  }
}
