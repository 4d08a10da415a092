// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.report;

import java.util.List;
import java.util.Locale;

/**
 * One line per test image from the score of the first method to that of the second, as inline SVG:
 * a line that rises is an image that gained.
 *
 * @param left the first method
 * @param right the second method
 * @param pairs per image, both scores in [0, 1]
 */
public record PairChart(String left, String right, List<Pair> pairs) {
  private static final int WIDTH = 520;
  private static final int HEIGHT = 300;
  private static final int TOP = 14;
  private static final int BOTTOM = 40;
  private static final int FROM = 130;
  private static final int TO = 390;

  /** Both scores of one image. */
  public record Pair(String image, double left, double right) {}

  /** The chart as an SVG element. */
  public String svg() {
    double least = pairs.stream().mapToDouble(p -> Math.min(p.left(), p.right())).min().orElse(0);
    double bottom = Math.max(0, Math.floor(least * 10) / 10);
    var svg = new StringBuilder();
    svg.append(
        "<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Dice per image\">"
            .formatted(WIDTH, HEIGHT));
    double step = LineChart.niceStep((1 - bottom) / 5);
    for (double v = bottom; v <= 1 + 1e-9; v += step) {
      svg.append(LineChart.line("grid", FROM - 60, at(v, bottom), TO + 60, at(v, bottom)));
      svg.append(
          LineChart.label(
              "end", FROM - 68, at(v, bottom) + 4, String.format(Locale.ROOT, "%.2f", v)));
    }
    for (var pair : pairs) {
      String role = pair.right() >= pair.left() ? "gain" : "loss";
      double y1 = at(pair.left(), bottom);
      double y2 = at(pair.right(), bottom);
      svg.append(
          "<g><title>%s: %.3f to %.3f</title>"
              .formatted(Html.escape(pair.image()), pair.left(), pair.right()));
      svg.append(LineChart.line("pair " + role, FROM, y1, TO, y2));
      svg.append(dot("baseline", FROM, y1)).append(dot("method", TO, y2)).append("</g>");
    }
    svg.append(LineChart.label("middle", FROM, HEIGHT - BOTTOM + 22, left));
    svg.append(LineChart.label("middle", TO, HEIGHT - BOTTOM + 22, right));
    return svg.append("</svg>").toString();
  }

  private static double at(double value, double bottom) {
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - bottom) / (1 - bottom + 1e-12);
  }

  private static String dot(String role, double x, double y) {
    return String.format(
        Locale.ROOT, "<circle class=\"dot %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>", role, x, y);
  }
}
