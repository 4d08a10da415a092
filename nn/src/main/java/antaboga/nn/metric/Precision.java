// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.metric;

/**
 * The share of the prediction that is true: {@code |P and T| / |P|}, in [0, 1].
 *
 * @param undefined the score where {@code |P|} is zero; NaN leaves such an image out of means,
 *     medpy says 0
 */
public record Precision(double undefined) implements Metric {
  /** Undefined is NaN. */
  public Precision() {
    this(Double.NaN);
  }

  @Override
  public String name() {
    return "Precision";
  }

  @Override
  public double of(Pair pair) {
    double score = pair.overlap().precision();
    return Double.isNaN(score) ? undefined : score;
  }
}
