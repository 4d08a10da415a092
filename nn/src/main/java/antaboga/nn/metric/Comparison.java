// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.metric;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.stat.inference.TTest;

/**
 * Whether one method scores higher than another on the same images. A pair with an undefined score
 * (NaN) on either side is left out.
 *
 * @param difference the mean of first minus second over the pairs
 * @param p the two-sided p value of "no difference"
 * @param pairs how many pairs were compared
 * @param leftOut how many had an undefined score
 */
public record Comparison(double difference, double p, int pairs, int leftOut) {
  /** Up to this many pairs without ties, the distribution of ranks is counted out. */
  private static final int EXACT = 50;

  /**
   * The Wilcoxon signed-rank test of paired scores, two-sided. Pairs without a difference are
   * dropped, equal differences share their mean rank; the p value is exact for up to 50 differences
   * that are all distinct, else of the normal approximation with its correction for ties. Images of
   * a group are not independent: see {@link #interval} for those.
   *
   * @throws IllegalArgumentException if there are not equally many scores
   */
  public static Comparison wilcoxon(double[] first, double[] second) {
    var differences = differences(first, second);
    var moved = Arrays.stream(differences).filter(d -> d != 0).toArray();
    boolean zeros = moved.length < differences.length;
    return result(differences, first.length, moved.length == 0 ? 1 : signedRanks(moved, zeros));
  }

  /**
   * Student's t test of paired scores, two-sided.
   *
   * @throws IllegalArgumentException if there are not equally many scores, or fewer than two pairs
   */
  public static Comparison tTest(double[] first, double[] second) {
    var differences = differences(first, second);
    if (differences.length < 2) {
      throw new IllegalArgumentException(
          "t test of " + differences.length + " defined pairs, expected at least 2");
    }
    boolean constant = Arrays.stream(differences).distinct().count() == 1;
    double p = constant ? (differences[0] == 0 ? 1 : 0) : new TTest().tTest(0, differences);
    return result(differences, first.length, p);
  }

  /** Holm's correction of p values for several comparisons, in their order; each at most 1. */
  public static double[] holm(double... p) {
    var order =
        IntStream.range(0, p.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> p[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    var corrected = new double[p.length];
    double largest = 0;
    for (int k = 0; k < p.length; k++) {
      largest = Math.max(largest, Math.min(1, (p.length - k) * p[order[k]]));
      corrected[order[k]] = largest;
    }
    return corrected;
  }

  /**
   * The bounds of a mean, by the bootstrap.
   *
   * @param low the lower bound
   * @param high the upper bound
   */
  public record Interval(double low, double high) {}

  /**
   * The bootstrap interval of the mean score, resampling whole groups: images of one video sequence
   * or patient are alike, and resampling them singly would make the interval too narrow. For a
   * comparison, give the differences of two methods.
   *
   * @param groups the group of each score; distinct ones where images are independent
   * @param level 0.95, say
   * @param rounds how many resamples, 10,000, say
   * @param seed of the resampling
   * @throws IllegalArgumentException if there is not one group for each score, or no defined score
   */
  public static Interval interval(
      double[] scores, List<String> groups, double level, int rounds, long seed) {
    if (scores.length != groups.size()) {
      throw new IllegalArgumentException(
          scores.length + " scores and " + groups.size() + " groups, expected equally many");
    }
    if (!(level > 0 && level < 1) || rounds < 1) {
      throw new IllegalArgumentException(
          "level %s and %d rounds, expected (0, 1) and at least 1".formatted(level, rounds));
    }
    var sums = sums(scores, groups);
    var random = new SplittableRandom(seed);
    var means = new double[rounds];
    for (int round = 0; round < rounds; round++) {
      double sum = 0;
      double count = 0;
      for (int i = 0; i < sums.size(); i++) {
        var drawn = sums.get(random.nextInt(sums.size()));
        sum += drawn[0];
        count += drawn[1];
      }
      means[round] = sum / count;
    }
    Arrays.sort(means);
    double tail = 50 * (1 - level);
    return new Interval(Surfaces.percentile(means, tail), Surfaces.percentile(means, 100 - tail));
  }

  /** Sum and count of the defined scores of each group. */
  private static List<double[]> sums(double[] scores, List<String> groups) {
    Map<String, double[]> sums = new LinkedHashMap<>();
    for (int i = 0; i < scores.length; i++) {
      if (!Double.isNaN(scores[i])) {
        var sum = sums.computeIfAbsent(groups.get(i), g -> new double[2]);
        sum[0] += scores[i];
        sum[1]++;
      }
    }
    if (sums.isEmpty()) {
      throw new IllegalArgumentException("bootstrap of " + scores.length + " scores, none defined");
    }
    return new ArrayList<>(sums.values());
  }

  private static double[] differences(double[] first, double[] second) {
    if (first.length != second.length) {
      throw new IllegalArgumentException(
          "paired test of %d and %d scores, expected equally many"
              .formatted(first.length, second.length));
    }
    return IntStream.range(0, first.length)
        .mapToDouble(i -> first[i] - second[i])
        .filter(d -> !Double.isNaN(d))
        .toArray();
  }

  private static Comparison result(double[] differences, int all, double p) {
    int n = differences.length;
    double mean = n == 0 ? Double.NaN : Arrays.stream(differences).sum() / n;
    return new Comparison(mean, p, n, all - n);
  }

  private static double signedRanks(double[] moved, boolean zeros) {
    int n = moved.length;
    var sorted =
        Arrays.stream(moved).boxed().sorted(Comparator.comparingDouble(Math::abs)).toList();
    double positive = 0;
    double ties = 0;
    for (int from = 0; from < n; ) {
      int to = from;
      while (to < n && Math.abs(sorted.get(to)) == Math.abs(sorted.get(from))) {
        to++;
      }
      double rank = (from + 1 + to) / 2.0;
      positive += rank * sorted.subList(from, to).stream().filter(d -> d > 0).count();
      double size = to - from;
      ties += size * size * size - size;
      from = to;
    }
    if (n <= EXACT && ties == 0 && !zeros) {
      return exact(n, positive);
    }
    double mean = n * (n + 1.0) / 4;
    double variance = n * (n + 1.0) * (2 * n + 1) / 24 - ties / 48;
    double z = Math.abs(positive - mean) / Math.sqrt(variance);
    return Math.min(1, 2 * new NormalDistribution().cumulativeProbability(-z));
  }

  /** Counts the sign patterns whose rank sum is as far from the middle as the observed one. */
  private static double exact(int n, double positive) {
    int top = n * (n + 1) / 2;
    var patterns = new double[top + 1];
    patterns[0] = 1;
    for (int rank = 1; rank <= n; rank++) {
      for (int sum = top; sum >= rank; sum--) {
        patterns[sum] += patterns[sum - rank];
      }
    }
    int least = (int) Math.round(Math.min(positive, top - positive));
    double tail = Arrays.stream(patterns, 0, least + 1).sum();
    return Math.min(1, 2 * tail / Math.pow(2, n));
  }
}
