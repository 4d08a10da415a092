// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.metric;

/**
 * How many elements prediction and truth share. Sums over images give the scores of a whole data
 * set ({@link #plus}), which are another figure than the mean over images.
 *
 * @param both in prediction and truth: true positives
 * @param onlyPrediction false positives
 * @param onlyTruth false negatives
 * @param neither true negatives
 */
public record Overlap(long both, long onlyPrediction, long onlyTruth, long neither) {
  /** Nothing counted yet: where a sum begins. */
  public static final Overlap NONE = new Overlap(0, 0, 0, 0);

  /** Counts the elements of two masks of one shape. */
  static Overlap of(Region prediction, Region truth) {
    int n = prediction.toBytes().length;
    long both = 0;
    for (int i = 0; i < n; i++) {
      if (prediction.contains(i) && truth.contains(i)) {
        both++;
      }
    }
    long onlyPrediction = prediction.count() - both;
    long onlyTruth = truth.count() - both;
    return new Overlap(both, onlyPrediction, onlyTruth, n - both - onlyPrediction - onlyTruth);
  }

  /** The counts of both together. */
  public Overlap plus(Overlap other) {
    return new Overlap(
        both + other.both,
        onlyPrediction + other.onlyPrediction,
        onlyTruth + other.onlyTruth,
        neither + other.neither);
  }

  /** {@code 2 |P and T| / (|P| + |T|)}; NaN if both are empty. */
  public double dice() {
    return 2.0 * both / (2 * both + onlyPrediction + onlyTruth);
  }

  /** {@code |P and T| / |P or T|}; NaN if both are empty. */
  public double iou() {
    return (double) both / (both + onlyPrediction + onlyTruth);
  }

  /** The share of the truth that was found; NaN if the truth is empty. */
  public double sensitivity() {
    return (double) both / (both + onlyTruth);
  }

  /** The share of the background that was left alone; NaN if the truth covers everything. */
  public double specificity() {
    return (double) neither / (neither + onlyPrediction);
  }

  /** The share of the prediction that is true; NaN if the prediction is empty. */
  public double precision() {
    return (double) both / (both + onlyPrediction);
  }
}
