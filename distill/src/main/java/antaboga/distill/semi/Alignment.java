// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Tensor;

/**
 * Unlabelled features shall be distributed like labelled ones: the symmetric divergence between the
 * batch's Gaussians and the bank's, for each class and dimension,
 *
 * <pre>{@code
 * L = sum over classes of (KL(batch || bank) + KL(bank || batch)) / 2D,
 * KL(1 || 2) = 1/2 sum(ln(v2 / v1) + (v1 + (m1 - m2)^2) / v2 - 1).
 * }</pre>
 *
 * <p>Not negative, and 0 only when both agree. Source: method.md, section 7.3.
 */
public record Alignment() {
  /** The loss, a scalar. Gradients flow to the batch; the bank is a constant. */
  public Tensor of(ClassStatistics batch, ClassStatistics bank) {
    return divergence(batch.background(), bank.background())
        .add(divergence(batch.lesion(), bank.lesion()));
  }

  // the logarithms of both directions cancel
  private static Tensor divergence(ClassStatistics.Gaussian batch, ClassStatistics.Gaussian bank) {
    var m = bank.mean().stopGradient();
    var b = bank.variance().stopGradient();
    var v = batch.variance();
    var shift = batch.mean().sub(m);
    var squared = shift.mul(shift);
    var both = v.add(squared).div(b).add(squared.add(b).div(v)).add(-2);
    return both.mean().mul(0.25);
  }
}
