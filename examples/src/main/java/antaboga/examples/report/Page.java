// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.report;

import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The report of a comparison between students, as one HTML page that needs nothing beside itself.
 *
 * @param kicker the small line above the title
 * @param title the result in a sentence
 * @param lead what was done, in a few sentences
 * @param tiles the figures to see first
 * @param methods the columns of the table, in the order of training; the last one is ours
 * @param metrics the rows of the table
 * @param tableNote how the table was made
 * @param pairs Dice of every test image under the first and the last method
 * @param charts the curves
 * @param chartNote what the curves show
 * @param cases test images with masks
 * @param facts tables of names and values: configuration, data, times, machine
 * @param footer licences and what this is not
 */
public record Page(
    String kicker,
    String title,
    String lead,
    List<Tile> tiles,
    List<Method> methods,
    List<Metric> metrics,
    String tableNote,
    PairChart pairs,
    List<LineChart> charts,
    String chartNote,
    List<Case> cases,
    List<Facts> facts,
    String footer) {

  /** A figure with its name; {@code role} colours it: baseline, method or neither. */
  public record Tile(String value, String name, String role) {}

  /** A column of the table. */
  public record Method(String name, String role) {}

  /** A row of the table: per method its mean and deviation, and whether more is better. */
  public record Metric(String name, String unit, boolean moreIsBetter, List<Score> scores) {}

  /** A mean over images with its standard deviation; NaN where it is undefined for all. */
  public record Score(double mean, double deviation) {}

  /** One test image: why it is shown, its name, and its views from left to right. */
  public record Case(String why, String image, List<View> views) {}

  /** One picture of a case. */
  public record View(BufferedImage picture, String name, String figure) {}

  /** A table of names and values. */
  public record Facts(String title, Map<String, String> values) {}

  /** The page. */
  public String html() {
    var html = new StringBuilder();
    html.append(Html.head(kicker, title, lead));
    html.append("<div class=\"tiles\">");
    for (var tile : tiles) {
      html.append(
          """
          <div class="card tile %s"><div class="value">%s</div><div class="name">%s</div></div>
          """
              .formatted(tile.role(), text(tile.value()), text(tile.name())));
    }
    html.append("</div>\n");
    table(html);
    pictures(html);
    curves(html);
    html.append("<h2>How it was made</h2>\n<div class=\"facts\">");
    for (var table : facts) {
      html.append("<div class=\"card\"><h3>%s</h3><dl>".formatted(text(table.title())));
      table
          .values()
          .forEach((name, value) -> html.append(element("dt", name)).append(element("dd", value)));
      html.append("</dl></div>\n");
    }
    html.append("</div>\n<footer>%s</footer>\n</main></body></html>\n".formatted(text(footer)));
    return html.toString();
  }

  private void table(StringBuilder html) {
    html.append("<h2>Unseen images</h2>\n<p class=\"note\">%s</p>\n".formatted(text(tableNote)));
    html.append("<div class=\"pair-of-charts\"><div class=\"card scroll\"><table><thead><tr><th>");
    html.append("mean over images</th>");
    for (var method : methods) {
      html.append("<th>%s%s</th>".formatted(Html.swatch(method.role()), text(method.name())));
    }
    html.append("</tr></thead><tbody>\n");
    for (var metric : metrics) {
      html.append("<tr><td>%s</td>".formatted(text(metric.name())));
      for (var score : metric.scores()) {
        html.append(
            "<td%s>%s</td>"
                .formatted(
                    isBest(metric, score) ? " class=\"best\"" : "", cell(score, metric.unit())));
      }
      html.append("</tr>\n");
    }
    html.append("</tbody></table></div>\n");
    html.append("<div class=\"card\"><h3>Dice of each test image</h3>")
        .append(pairs.svg())
        .append("</div></div>\n");
  }

  private static boolean isBest(Metric metric, Score score) {
    var means = metric.scores().stream().mapToDouble(Score::mean).filter(m -> !Double.isNaN(m));
    var best = metric.moreIsBetter() ? means.max() : means.min();
    return best.isPresent() && metric.scores().size() > 1 && best.getAsDouble() == score.mean();
  }

  private static String cell(Score score, String unit) {
    if (Double.isNaN(score.mean())) {
      return "undefined";
    }
    var format = unit.isEmpty() ? "%.3f <small>± %.3f</small>" : "%.1f %s <small>± %.1f</small>";
    return unit.isEmpty()
        ? String.format(Locale.ROOT, format, score.mean(), score.deviation())
        : String.format(Locale.ROOT, format, score.mean(), unit, score.deviation());
  }

  private void pictures(StringBuilder html) {
    html.append(
        """
        <h2>Best, median, worst</h2>
        <p class="note">Chosen by the Dice of the last method, so the worst is shown as well. Brightness is
        stretched, as the networks see it.</p>
        """);
    html.append(Html.MARKS);
    cases.forEach(shown -> html.append(Html.shown(shown)));
  }

  private void curves(StringBuilder html) {
    html.append("<h2>Training</h2>\n<p class=\"note\">%s</p>\n".formatted(text(chartNote)));
    html.append(Html.charts(charts));
  }

  private static String element(String name, String content) {
    return "<%s>%s</%s>".formatted(name, text(content), name);
  }

  private static String text(String text) {
    return Html.escape(text);
  }
}
