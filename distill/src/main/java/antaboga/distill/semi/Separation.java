// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Tensor;

/**
 * Lesion and background shall differ: {@code L = exp(-D_B / D)} with Bhattacharyya's distance of
 * the two Gaussians,
 *
 * <pre>{@code
 * D_B = 1/8 sum (m1 - m0)^2 / v + 1/2 sum (ln v - 1/2 ln v1 - 1/2 ln v0),   v = (v1 + v0) / 2.
 * }</pre>
 *
 * <p>In (0, 1], and 1 only for equal classes. Source: method.md, section 7.3.
 */
public record Separation() {
  /** The loss, a scalar; gradients flow to both classes. */
  public Tensor of(ClassStatistics classes) {
    var one = classes.lesion();
    var zero = classes.background();
    var v = one.variance().add(zero.variance()).mul(0.5);
    var shift = one.mean().sub(zero.mean());
    var apart = shift.mul(shift).div(v).mul(0.125);
    var logs = one.variance().log().add(zero.variance().log()).mul(0.5);
    var unlike = v.log().sub(logs).mul(0.5);
    return apart.add(unlike).mean().neg().exp();
  }
}
