// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.loss;

import antaboga.Tensor;

/**
 * The squared difference {@code (x - y)^2}. Source: {@code torch.nn.MSELoss}.
 *
 * @param reduction mean or sum over all elements, or none
 */
public record MeanSquared(Reduction reduction) implements Loss {
  /** The mean. */
  public MeanSquared() {
    this(Reduction.MEAN);
  }

  @Override
  public Tensor of(Tensor prediction, Tensor target) {
    Classes.requireAlike(this, prediction, target);
    var difference = prediction.sub(target);
    return reduction.of(difference.mul(difference));
  }
}
