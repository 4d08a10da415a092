// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A chart of curves as inline SVG; its colours are the page's, so it follows light and dark.
 *
 * @param title what is drawn, above the chart
 * @param x what the horizontal axis counts
 * @param series the curves; each keeps its colour on the whole page
 * @param from the least value of the vertical axis, NaN to fit the curves
 * @param to the greatest, NaN to fit the curves
 */
public record LineChart(String title, String x, List<Series> series, double from, double to) {
  private static final int WIDTH = 520;
  private static final int HEIGHT = 300;
  private static final int LEFT = 46;
  private static final int RIGHT = 14;
  private static final int TOP = 14;
  private static final int BOTTOM = 40;

  /** One curve; {@code role} is the class of the page's style sheet that colours it. */
  public record Series(String name, String role, List<Point> points) {
    /** A copy whose values are means over so many neighbours, to show a trend under the noise. */
    public Series smoothed(int window) {
      var means = new ArrayList<Point>();
      for (int i = 0; i < points.size(); i++) {
        int low = Math.max(0, i - window / 2);
        int high = Math.min(points.size(), i + window / 2 + 1);
        double mean =
            points.subList(low, high).stream().mapToDouble(Point::y).average().orElseThrow();
        means.add(new Point(points.get(i).x(), mean));
      }
      return new Series(name, role, means);
    }
  }

  /** A point of a curve. */
  public record Point(double x, double y) {}

  /** The axis fitted to the curves. */
  public LineChart(String title, String x, List<Series> series) {
    this(title, x, series, Double.NaN, Double.NaN);
  }

  /** The chart as an SVG element. */
  public String svg() {
    var drawn = series.stream().filter(s -> !s.points().isEmpty()).toList();
    double right = drawn.stream().mapToDouble(s -> last(s).x()).max().orElse(1);
    double low = Double.isNaN(from) ? extreme(drawn, false) : from;
    double high = Double.isNaN(to) ? extreme(drawn, true) : to;
    double step = niceStep((high - low) / 5);
    double bottom = Double.isNaN(from) ? Math.floor(low / step) * step : low;
    double top = Double.isNaN(to) ? Math.ceil(high / step) * step : high;
    var svg = new StringBuilder();
    svg.append(
        "<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">"
            .formatted(WIDTH, HEIGHT, Html.escape(title)));
    for (double y = bottom; y <= top + step / 1000; y += step) {
      double at = vertical(y, bottom, top);
      svg.append(line("grid", LEFT, at, WIDTH - RIGHT, at));
      svg.append(label("end", LEFT - 7, at + 4, number(y, step)));
    }
    double xStep = Math.max(1, niceStep(right / 6));
    for (double v = 0; v <= right + xStep / 1000; v += xStep) {
      svg.append(label("middle", horizontal(v, right), HEIGHT - BOTTOM + 17, number(v, xStep)));
    }
    svg.append(label("middle", (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 5, x));
    for (var s : drawn) {
      svg.append("<polyline class=\"curve %s\" points=\"".formatted(s.role()));
      for (var p : s.points()) {
        double y = vertical(Math.min(top, Math.max(bottom, p.y())), bottom, top);
        svg.append(String.format(Locale.ROOT, "%.1f,%.1f ", horizontal(p.x(), right), y));
      }
      svg.append("\"/>");
      if (s.points().size() <= 20) {
        for (var p : s.points()) {
          double y = vertical(Math.min(top, Math.max(bottom, p.y())), bottom, top);
          svg.append(
              String.format(
                  Locale.ROOT,
                  "<circle class=\"dot %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>",
                  s.role(),
                  horizontal(p.x(), right),
                  y));
        }
      }
    }
    return svg.append("</svg>").toString();
  }

  private static Point last(Series s) {
    return s.points().get(s.points().size() - 1);
  }

  private static double extreme(List<Series> series, boolean greatest) {
    var values = series.stream().flatMap(s -> s.points().stream()).mapToDouble(Point::y);
    double value = greatest ? values.max().orElse(1) : Math.min(0, values.min().orElse(0));
    return greatest && value <= 0 ? 1 : value;
  }

  private static double horizontal(double x, double right) {
    return LEFT + (WIDTH - LEFT - RIGHT) * x / Math.max(right, 1e-9);
  }

  private static double vertical(double y, double bottom, double top) {
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (y - bottom) / Math.max(top - bottom, 1e-9);
  }

  static double niceStep(double raw) {
    double power = Math.pow(10, Math.floor(Math.log10(Math.max(raw, 1e-9))));
    double digit = raw / power;
    return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
  }

  private static String number(double value, double step) {
    int decimals = (int) Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
    return String.format(Locale.ROOT, "%." + decimals + "f", value + 0.0);
  }

  static String line(String role, double x1, double y1, double x2, double y2) {
    return String.format(
        Locale.ROOT,
        "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>",
        role,
        x1,
        y1,
        x2,
        y2);
  }

  static String label(String anchor, double x, double y, String text) {
    return String.format(
        Locale.ROOT,
        "<text text-anchor=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text>",
        anchor,
        x,
        y,
        Html.escape(text));
  }
}
