// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.loss;

import antaboga.Tensor;

/**
 * One minus the cosine of the angle between the vectors that lie along axis 1, the mean over all
 * positions: in [0, 2]. Both (N, C) or (N, C, ...). A vector shorter than 1e-8 counts as of that
 * length.
 *
 * <p>Source: {@code torch.nn.functional.cosine_similarity}.
 */
public record CosineDistance() implements Loss {
  private static final double SHORTEST = 1e-8;

  @Override
  public Tensor of(Tensor prediction, Tensor target) {
    Classes.requireAlike(this, prediction, target);
    Classes.requireClasses(this, prediction);
    var dot = prediction.mul(target).sum(1);
    return dot.div(length(prediction).mul(length(target))).mean().affine(-1, 1);
  }

  private static Tensor length(Tensor x) {
    return x.mul(x).sum(1).clamp(SHORTEST * SHORTEST, Double.MAX_VALUE).sqrt();
  }
}
