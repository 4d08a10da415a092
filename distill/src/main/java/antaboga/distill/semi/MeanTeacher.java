// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Dims;
import antaboga.Tensor;

/**
 * The student on a perturbed image shall agree with its own moving average q on the clean one:
 * {@code mean(m (sigmoid(s) - q)^2)}, q a constant and {@code m = 1[max(q, 1 - q) >= confidence]}.
 *
 * <p>Source: Tarvainen and Valpola 2017, arXiv 1703.01780; method.md, section 7.4.
 *
 * @param confidence below which the average does not teach; 0.5 counts every pixel
 */
public record MeanTeacher(double confidence) {
  /** Logits s of the student, probabilities q of its average, both (B, 1, H, W). */
  public Tensor of(Tensor logits, Tensor average) {
    Dims.of("MeanTeacher").bind("logits", logits, "B C H W").bind("average", average, "B C H W");
    var q = average.stopGradient();
    var difference = logits.sigmoid().sub(q);
    return difference.mul(difference).mul(Confidence.mask(q, confidence)).mean();
  }
}
