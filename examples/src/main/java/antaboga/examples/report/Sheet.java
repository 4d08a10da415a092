// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.report;

import java.util.List;

/** A page of sections, tables, charts and pictures, put together from above to below. */
public final class Sheet {
  /** A cell of a table: what it says, a word beside it, and whether it is the best of its kind. */
  public record Entry(String text, String beside, boolean best) {
    /** A cell that says one thing. */
    public static Entry of(String text) {
      return new Entry(text, "", false);
    }
  }

  private final StringBuilder html;

  /** A page that begins with these lines. */
  public Sheet(String kicker, String title, String lead) {
    html = new StringBuilder(Html.head(kicker, title, lead));
  }

  /** A heading and what stands below it. */
  public Sheet section(String title, String note) {
    html.append("<h2>%s</h2>\n".formatted(Html.escape(title)));
    html.append("<p class=\"note\">%s</p>\n".formatted(Html.escape(note)));
    return this;
  }

  /** A table. */
  public Sheet table(List<String> head, List<List<Entry>> rows) {
    html.append("<div class=\"card scroll\"><table><thead><tr>");
    head.forEach(name -> html.append("<th>%s</th>".formatted(Html.escape(name))));
    html.append("</tr></thead><tbody>\n");
    for (var row : rows) {
      html.append("<tr>");
      for (var entry : row) {
        html.append(
            "<td%s>%s <small>%s</small></td>"
                .formatted(
                    entry.best ? " class=\"best\"" : "",
                    Html.escape(entry.text),
                    Html.escape(entry.beside)));
      }
      html.append("</tr>\n");
    }
    html.append("</tbody></table></div>\n");
    return this;
  }

  /** Charts side by side. */
  public Sheet charts(List<LineChart> charts) {
    html.append(Html.charts(charts));
    return this;
  }

  /** Images with their masks, and what the colours mean. */
  public Sheet cases(List<Page.Case> cases) {
    html.append(Html.MARKS);
    cases.forEach(shown -> html.append(Html.shown(shown)));
    return this;
  }

  /** The whole page. */
  public String html(String footer) {
    return html + "<footer>%s</footer>\n</main></body></html>\n".formatted(Html.escape(footer));
  }
}
