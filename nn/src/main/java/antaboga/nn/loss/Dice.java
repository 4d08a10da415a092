// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.loss;

import antaboga.ShapeException;
import antaboga.Tensor;

/**
 * The soft Dice loss {@code 1 - (2 sum(p y) + a) / (sum(p^k) + sum(y^k) + b)} for each image and
 * channel, k being 1 or 2. Prediction and target (B, C, ...), the target in [0, 1]; classes are
 * one-hot.
 *
 * <pre>{@code
 * Dice.sigmoid().squared()                  // MedSAM
 * Dice.sigmoid().squared().overBatch()      // our supervised loss, method.md section 7.1
 * Dice.softmax().withoutBackground()
 * }</pre>
 *
 * <p>Source: Milletari et al. 2016, arXiv 1606.04797; {@code monai.losses.DiceLoss}.
 *
 * @param squashing how the prediction becomes probabilities p
 * @param squares whether k is 2
 * @param jaccard the Jaccard loss instead: the denominator is {@code 2 (sum(p^k) + sum(y^k) - sum(p
 *     y)) + b}
 * @param batch whether sums run over the images of a batch together
 * @param background whether channel 0 counts, where there are several
 * @param above a, what is added above the line
 * @param below b, what is added below it
 * @param reduction mean or sum over images and channels, or none: (B, C, 1, ...), or (C) over the
 *     batch
 */
public record Dice(
    Squashing squashing,
    boolean squares,
    boolean jaccard,
    boolean batch,
    boolean background,
    double above,
    double below,
    Reduction reduction)
    implements Loss {

  /** From probabilities. */
  public static Dice probabilities() {
    return new Dice(Squashing.NONE, false, false, false, true, 1e-5, 1e-5, Reduction.MEAN);
  }

  /** From logits of channels that do not exclude one another. */
  public static Dice sigmoid() {
    return probabilities().with(Squashing.SIGMOID);
  }

  /** From logits of classes on axis 1. */
  public static Dice softmax() {
    return probabilities().with(Squashing.SOFTMAX);
  }

  /** The same with another squashing. */
  public Dice with(Squashing other) {
    return new Dice(other, squares, jaccard, batch, background, above, below, reduction);
  }

  /** The same with another reduction. */
  public Dice with(Reduction other) {
    return new Dice(squashing, squares, jaccard, batch, background, above, below, other);
  }

  /** The same with squares below the line. */
  public Dice squared() {
    return new Dice(squashing, true, jaccard, batch, background, above, below, reduction);
  }

  /** The Jaccard loss. */
  public Dice asJaccard() {
    return new Dice(squashing, squares, true, batch, background, above, below, reduction);
  }

  /** The same with sums over the whole batch: an empty mask then does no harm. */
  public Dice overBatch() {
    return new Dice(squashing, squares, jaccard, true, background, above, below, reduction);
  }

  /** The same without channel 0. */
  public Dice withoutBackground() {
    return new Dice(squashing, squares, jaccard, batch, false, above, below, reduction);
  }

  /** The same with other summands above and below the line. */
  public Dice smoothed(double a, double b) {
    return new Dice(squashing, squares, jaccard, batch, background, a, b, reduction);
  }

  @Override
  public Tensor of(Tensor prediction, Tensor target) {
    Classes.requireAlike("Dice", prediction, target);
    Classes.requireClasses("Dice", prediction);
    var p = squashing.of(prediction);
    var y = target;
    if (!background) {
      if (p.size(1) == 1) {
        throw new ShapeException("Dice: one channel, and the background is left out");
      }
      p = p.slice(1, 1, p.size(1));
      y = y.slice(1, 1, y.size(1));
    }
    var both = sum(p.mul(y));
    var all = squares ? sum(p.mul(p)).add(sum(y.mul(y))) : sum(p).add(sum(y));
    if (jaccard) {
      all = all.sub(both).mul(2);
    }
    return reduction.of(both.affine(2, above).div(all.add(below)).affine(-1, 1));
  }

  private Tensor sum(Tensor x) {
    if (batch) {
      return x.sum(Classes.axes(x.shape(), true));
    }
    var axes = Classes.axes(x.shape(), false);
    return axes.length == 0 ? x : x.sumKeep(axes);
  }
}
