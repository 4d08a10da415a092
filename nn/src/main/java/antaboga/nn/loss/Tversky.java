// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.loss;

import antaboga.Tensor;

/**
 * The Tversky loss {@code 1 - (t + a) / (t + alpha sum(p (1 - y)) + beta sum((1 - p) y) + b)},
 * {@code t = sum(p y)}, for each image and channel: beta above alpha finds more at the price of
 * false alarms. Alpha = beta = 0.5 is Dice. Prediction and target (B, C, ...).
 *
 * <p>Source: Salehi et al. 2017, arXiv 1706.05721; {@code monai.losses.TverskyLoss}.
 *
 * @param squashing how the prediction becomes probabilities p
 * @param alpha the weight of false positives
 * @param beta the weight of false negatives
 * @param smooth a and b
 * @param reduction mean or sum over images and channels, or none
 */
public record Tversky(
    Squashing squashing, double alpha, double beta, double smooth, Reduction reduction)
    implements Loss {
  /** From logits, the mean over images and channels, a = b = 1e-5. */
  public static Tversky sigmoid(double alpha, double beta) {
    return new Tversky(Squashing.SIGMOID, alpha, beta, 1e-5, Reduction.MEAN);
  }

  @Override
  public Tensor of(Tensor prediction, Tensor target) {
    Classes.requireAlike("Tversky", prediction, target);
    Classes.requireClasses("Tversky", prediction);
    var p = squashing.of(prediction);
    var both = sum(p.mul(target));
    var alarms = sum(p).sub(both).mul(alpha);
    var missed = sum(target).sub(both).mul(beta);
    var all = both.add(alarms).add(missed).add(smooth);
    return reduction.of(both.add(smooth).div(all).affine(-1, 1));
  }

  private static Tensor sum(Tensor x) {
    var axes = Classes.axes(x.shape(), false);
    return axes.length == 0 ? x : x.sumKeep(axes);
  }
}
