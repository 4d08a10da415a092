// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.metric;

/**
 * The share of the truth that the prediction found (recall): {@code |P and T| / |T|}, in [0, 1].
 *
 * @param undefined the score where {@code |T|} is zero; NaN leaves such an image out of means,
 *     medpy says 0
 */
public record Sensitivity(double undefined) implements Metric {
  /** Undefined is NaN. */
  public Sensitivity() {
    this(Double.NaN);
  }

  @Override
  public String name() {
    return "Sensitivity";
  }

  @Override
  public double of(Pair pair) {
    double score = pair.overlap().sensitivity();
    return Double.isNaN(score) ? undefined : score;
  }
}
