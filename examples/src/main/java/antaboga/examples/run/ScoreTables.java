// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.nn.metric.Dice;
import antaboga.nn.metric.Hausdorff;
import antaboga.nn.metric.Iou;
import antaboga.nn.metric.Metric;
import antaboga.nn.metric.Precision;
import antaboga.nn.metric.Scores;
import antaboga.nn.metric.Sensitivity;
import antaboga.nn.metric.Specificity;
import antaboga.nn.metric.SurfaceDice;
import antaboga.nn.metric.SurfaceDistance;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The scores that commands and report tell, as a table for people, as CSV and as JSON. */
public final class ScoreTables {
  /** The rows of a table; HD95 is the larger of the two directed 95th percentiles. */
  public static final List<Metric> METRICS =
      List.of(
          new Dice(),
          new Iou(),
          new Sensitivity(),
          new Specificity(),
          new Precision(),
          Hausdorff.of95(Hausdorff.Definition.MAXIMUM),
          new SurfaceDistance(),
          new SurfaceDice(2));

  private ScoreTables() {}

  /** No scores yet; to be told by this class. */
  static Scores begin() {
    return new Scores(METRICS);
  }

  /** The Dice coefficients, in the order of scoring. */
  public static double[] dice(Scores scores) {
    return scores.of(new Dice().name());
  }

  /** Whether it is in pixels of the image itself, so that less is better. */
  public static boolean isDistance(Metric metric) {
    return metric instanceof Hausdorff || metric instanceof SurfaceDistance;
  }

  /** A table for people. */
  public static String table(Scores scores) {
    var table = new StringBuilder();
    table.append(
        String.format(Locale.ROOT, "%-14s %10s %10s %s%n", "metric", "mean", "sd", "images"));
    for (var metric : METRICS) {
      var summary = scores.summary(metric.name());
      var unit = isDistance(metric) ? " px" : "";
      table.append(
          String.format(
              Locale.ROOT,
              "%-14s %10s %10s %d%s%n",
              metric.name() + unit,
              number(summary.mean()),
              number(summary.deviation()),
              summary.count(),
              summary.undefined() == 0 ? "" : " (%d undefined)".formatted(summary.undefined())));
    }
    return table.toString();
  }

  private static String number(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.4f", value);
  }

  /** One line per image, with a head. */
  public static String csv(Scores scores) {
    var csv = new StringBuilder("image");
    METRICS.forEach(metric -> csv.append(',').append(metric.name()));
    csv.append('\n');
    var images = scores.images();
    for (int i = 0; i < images.size(); i++) {
      csv.append(images.get(i));
      for (var metric : METRICS) {
        double value = scores.of(metric.name())[i];
        csv.append(Double.isNaN(value) ? "," : String.format(Locale.ROOT, ",%.6f", value));
      }
      csv.append('\n');
    }
    return csv.toString();
  }

  /** Means and single scores, with what was scored; an undefined score says so. */
  public static String json(Scores scores, Map<String, String> about) {
    var means = new LinkedHashMap<String, Object>();
    var single = new ArrayList<Map<String, Object>>();
    for (var metric : METRICS) {
      var summary = scores.summary(metric.name());
      var row = new LinkedHashMap<String, Object>();
      row.put("mean", finite(summary.mean()));
      row.put("deviation", finite(summary.deviation()));
      row.put("images", summary.count());
      row.put("undefined", summary.undefined());
      means.put(metric.name(), row);
    }
    var images = scores.images();
    for (int i = 0; i < images.size(); i++) {
      var row = new LinkedHashMap<String, Object>();
      row.put("image", images.get(i));
      for (var metric : METRICS) {
        row.put(metric.name(), finite(scores.of(metric.name())[i]));
      }
      single.add(row);
    }
    var all = new LinkedHashMap<String, Object>(about);
    all.put("means", means);
    all.put("scores", single);
    try {
      return new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(all)
          + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e); // maps of strings and numbers are always written
    }
  }

  private static Object finite(double value) {
    return Double.isFinite(value) ? (Object) value : "undefined";
  }
}
