// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.metric;

import antaboga.nn.metric.Hausdorff.Definition;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;

/**
 * The scores of many images: each image by itself, and all pixels together.
 *
 * <pre>{@code
 * var scores = Scores.protocol();
 * scores.add(sample.name(), Pair.of(prediction, sample.truth()));
 * System.out.println(scores);
 * }</pre>
 */
public final class Scores {
  private final List<Metric> metrics;
  private final List<String> names = new ArrayList<>();
  private final List<double[]> rows = new ArrayList<>();
  private final List<Double> diagonals = new ArrayList<>();
  private Overlap overlap = Overlap.NONE;

  /** Scores by these metrics, in this order. */
  public Scores(List<Metric> metrics) {
    this.metrics = List.copyOf(metrics);
  }

  /**
   * The project's protocol: Dice, IoU, sensitivity, specificity, HD95 (maximum of both directions),
   * HD, ASSD, NSD at 2 pixels.
   */
  public static Scores protocol() {
    return new Scores(
        List.of(
            new Dice(),
            new Iou(),
            new Sensitivity(),
            new Specificity(),
            Hausdorff.of95(Definition.MAXIMUM),
            new Hausdorff(),
            new SurfaceDistance(),
            new SurfaceDice(2)));
  }

  /** Scores an image. */
  public void add(String image, Pair pair) {
    names.add(image);
    rows.add(metrics.stream().mapToDouble(metric -> metric.of(pair)).toArray());
    diagonals.add(pair.diagonal());
    overlap = overlap.plus(pair.overlap());
  }

  /** The metrics, in their order. */
  public List<Metric> metrics() {
    return metrics;
  }

  /** The images, in the order in which they were added. */
  public List<String> images() {
    return List.copyOf(names);
  }

  /**
   * The score of every image; NaN where undefined.
   *
   * @param name the metric's name
   * @throws NoSuchElementException if there is no such metric
   */
  public double[] of(String name) {
    int column = column(name);
    return rows.stream().mapToDouble(row -> row[column]).toArray();
  }

  /** Mean and deviation over images, undefined scores left out; see {@link #of(String)}. */
  public Summary summary(String name) {
    return Summary.of(of(name));
  }

  /** The same with the image's diagonal in the place of undefined scores, for distances. */
  public Summary summaryWithDiagonals(String name) {
    return Summary.of(of(name), diagonals.stream().mapToDouble(d -> d).toArray());
  }

  /** The counts of all images together, for the scores of a whole data set. */
  public Overlap overlap() {
    return overlap;
  }

  private int column(String name) {
    for (int i = 0; i < metrics.size(); i++) {
      if (metrics.get(i).name().equals(name)) {
        return i;
      }
    }
    throw new NoSuchElementException(
        "no metric " + name + " among " + metrics.stream().map(Metric::name).toList());
  }

  @Override
  public String toString() {
    var lines = new StringBuilder();
    for (var metric : metrics) {
      lines.append(String.format(Locale.ROOT, "%-12s %s%n", metric.name(), summary(metric.name())));
    }
    return lines.toString();
  }
}
