// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.loss;

import antaboga.Tensor;

/**
 * The absolute difference with a round bottom: {@code d^2 / (2 beta)} for d = |x - y| below beta,
 * else {@code d - beta / 2}. Source: {@code torch.nn.SmoothL1Loss}.
 *
 * @param beta where the square ends, positive
 * @param reduction mean or sum over all elements, or none
 */
public record SmoothL1(double beta, Reduction reduction) implements Loss {
  /** Checks beta. */
  public SmoothL1 {
    if (!(beta > 0)) {
      throw new IllegalArgumentException("SmoothL1: beta " + beta + ", expected > 0");
    }
  }

  /** Beta 1, the mean. */
  public SmoothL1() {
    this(1, Reduction.MEAN);
  }

  @Override
  public Tensor of(Tensor prediction, Tensor target) {
    Classes.requireAlike(this, prediction, target);
    var distance = prediction.sub(target).abs();
    var near = distance.clamp(0, beta);
    return reduction.of(near.mul(near).mul(0.5 / beta).add(distance.sub(near)));
  }
}
