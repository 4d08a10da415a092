// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.metric;

/**
 * The share of the background that the prediction left alone, in [0, 1].
 *
 * @param undefined the score where {@code |not T|} is zero; NaN leaves such an image out of means,
 *     medpy says 0
 */
public record Specificity(double undefined) implements Metric {
  /** Undefined is NaN. */
  public Specificity() {
    this(Double.NaN);
  }

  @Override
  public String name() {
    return "Specificity";
  }

  @Override
  public double of(Pair pair) {
    double score = pair.overlap().specificity();
    return Double.isNaN(score) ? undefined : score;
  }
}
