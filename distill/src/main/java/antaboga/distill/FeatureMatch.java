// SPDX-License-Identifier: Apache-2.0
package antaboga.distill;

import antaboga.Dims;
import antaboga.Tensor;
import antaboga.nn.loss.Loss;

/**
 * The feature term: {@code mean (IN(F) - IN(G))^2}, where IN normalises every channel of every
 * image over its positions. Student F and target G, both (B, C, H, W); a scalar in [0, 4].
 *
 * <p>It is {@code 2 (1 - correlation)} of each channel, hence blind to scale and offset: the
 * features of a transformer and of a state space model need not agree in either. Gradients flow to
 * both, through G to the {@link Projector}. Source: method.md, section 7.2.
 *
 * @param eps added to the variance
 */
public record FeatureMatch(double eps) implements Loss {
  /** With eps 1e-5. */
  public static FeatureMatch normalized() {
    return new FeatureMatch(1e-5);
  }

  @Override
  public Tensor of(Tensor student, Tensor target) {
    Dims.of("FeatureMatch").bind("student", student, "B C H W").bind("target", target, "B C H W");
    var difference = student.instanceNorm(eps).sub(target.instanceNorm(eps));
    return difference.mul(difference).mean();
  }
}
