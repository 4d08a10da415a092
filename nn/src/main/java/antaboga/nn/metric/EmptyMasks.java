// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.metric;

import java.util.OptionalDouble;

/**
 * What a metric says where a mask is empty; NaN means undefined.
 *
 * @param both of two empty masks
 * @param noPrediction of an empty prediction of a truth that is not
 * @param noTruth of an empty truth
 * @param refused whether an empty mask is an error instead, as for distances in medpy
 */
public record EmptyMasks(double both, double noPrediction, double noTruth, boolean refused) {
  /** Any empty mask is an {@link IllegalArgumentException}: distances of medpy. */
  public static final EmptyMasks REFUSED = new EmptyMasks(Double.NaN, Double.NaN, Double.NaN, true);

  /** Values for the three cases; NaN is undefined. */
  public static EmptyMasks of(double both, double noPrediction, double noTruth) {
    return new EmptyMasks(both, noPrediction, noTruth, false);
  }

  /** The agreed value if a mask of the pair is empty, else nothing. */
  OptionalDouble of(String metric, Pair pair) {
    boolean noPrediction = pair.prediction().isEmpty();
    boolean noTruth = pair.truth().isEmpty();
    if (!noPrediction && !noTruth) {
      return OptionalDouble.empty();
    }
    if (refused) {
      throw new IllegalArgumentException(
          "%s: the %s is empty, expected two masks with elements inside"
              .formatted(metric, noPrediction ? "prediction" : "truth"));
    }
    return OptionalDouble.of(
        noPrediction && noTruth ? both : noTruth ? this.noTruth : this.noPrediction);
  }
}
