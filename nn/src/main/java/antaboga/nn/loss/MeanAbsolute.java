// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.loss;

import antaboga.Tensor;

/**
 * The absolute difference {@code |x - y|}. Source: {@code torch.nn.L1Loss}.
 *
 * @param reduction mean or sum over all elements, or none
 */
public record MeanAbsolute(Reduction reduction) implements Loss {
  /** The mean. */
  public MeanAbsolute() {
    this(Reduction.MEAN);
  }

  @Override
  public Tensor of(Tensor prediction, Tensor target) {
    Classes.requireAlike(this, prediction, target);
    return reduction.of(prediction.sub(target).abs());
  }
}
