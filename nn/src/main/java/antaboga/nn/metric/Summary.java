// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.metric;

import java.util.Arrays;
import java.util.Locale;

/**
 * Mean and standard deviation of scores over images. Undefined scores (NaN) are left out and
 * counted.
 *
 * @param mean of the defined scores; NaN if there is none
 * @param deviation the sample standard deviation; NaN for fewer than two defined scores
 * @param count how many scores are defined
 * @param undefined how many are not
 */
public record Summary(double mean, double deviation, int count, int undefined) {
  /** The summary of scores, those that are NaN left out. */
  public static Summary of(double... scores) {
    var defined = Arrays.stream(scores).filter(s -> !Double.isNaN(s)).toArray();
    int n = defined.length;
    double mean = n == 0 ? Double.NaN : Arrays.stream(defined).sum() / n;
    double squares = Arrays.stream(defined).map(s -> (s - mean) * (s - mean)).sum();
    double deviation = n < 2 ? Double.NaN : Math.sqrt(squares / (n - 1));
    return new Summary(mean, deviation, n, scores.length - n);
  }

  /**
   * The summary with a stand-in for each undefined score: the image's diagonal, say, for a distance
   * to a mask that was not found.
   *
   * @throws IllegalArgumentException if there is not one stand-in for each score
   */
  public static Summary of(double[] scores, double[] standIns) {
    if (scores.length != standIns.length) {
      throw new IllegalArgumentException(
          scores.length + " scores and " + standIns.length + " stand-ins, expected equally many");
    }
    var filled = scores.clone();
    for (int i = 0; i < filled.length; i++) {
      if (Double.isNaN(filled[i])) {
        filled[i] = standIns[i];
      }
    }
    return of(filled);
  }

  @Override
  public String toString() {
    var left = undefined == 0 ? "" : ", %d undefined".formatted(undefined);
    return String.format(Locale.ROOT, "%.4f ± %.4f (n = %d%s)", mean, deviation, count, left);
  }
}
