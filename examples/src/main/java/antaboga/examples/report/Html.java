// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.report;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.imageio.ImageIO;

/** The pieces of HTML that pages share. */
final class Html {
  /** What the colours of a judged mask mean. */
  static final String MARKS =
      """
      <div class="legend"><span><i class="swatch truth"></i>truth</span>
      <span><i class="swatch hit"></i>rightly marked</span>
      <span><i class="swatch extra"></i>marked, not in the truth</span>
      <span><i class="swatch missed"></i>missed</span></div>
      """;

  private Html() {}

  /** The beginning of a page. */
  static String head(String kicker, String title, String lead) {
    return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        + "<title>%s</title>\n<style>\n".formatted(escape(title))
        + style()
        + "</style></head>\n<body><main>\n"
        + "<p class=\"kicker\">%s</p>\n".formatted(escape(kicker))
        + "<h1>%s</h1>\n<p class=\"lead\">%s</p>\n".formatted(escape(title), escape(lead));
  }

  private static String style() {
    try (InputStream css = Html.class.getResourceAsStream("report.css")) {
      if (css == null) {
        throw new IllegalStateException("report.css is not beside Html in the jar; build again");
      }
      return new String(css.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a resource of the jar
    }
  }

  static String swatch(String role) {
    return "<i class=\"swatch %s\"></i>".formatted(role);
  }

  /** Charts side by side, each with the names of its curves. */
  static String charts(List<LineChart> charts) {
    var html = new StringBuilder("<div class=\"pair-of-charts\">");
    for (var chart : charts) {
      html.append("<div class=\"card\"><h3>%s</h3>".formatted(escape(chart.title())));
      html.append("<div class=\"legend\">");
      var named = new ArrayList<String>();
      for (var series : chart.series()) {
        if (!series.role().contains("faint") && !named.contains(series.name())) {
          named.add(series.name());
          html.append("<span>%s%s</span>".formatted(swatch(series.role()), escape(series.name())));
        }
      }
      html.append("</div>").append(chart.svg()).append("</div>\n");
    }
    return html.append("</div>\n").toString();
  }

  /** An image with its views. */
  static String shown(Page.Case shown) {
    var html = new StringBuilder();
    html.append(
            "<section class=\"card case\"><header><strong>%s</strong><span>%s</span></header>"
                .formatted(escape(shown.why()), escape(shown.image())))
        .append("<div class=\"views\">");
    for (var view : shown.views()) {
      html.append("<figure>")
          .append(inline(view.picture(), shown.image() + ", " + view.name()))
          .append(
              "<figcaption><span>%s</span><b>%s</b></figcaption></figure>\n"
                  .formatted(escape(view.name()), escape(view.figure())));
    }
    return html.append("</div></section>\n").toString();
  }

  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  /** The image itself inside the page, as PNG. */
  static String inline(BufferedImage image, String description) {
    var bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a stream in memory does not fail
    }
    return "<img alt=\"%s\" width=\"%d\" height=\"%d\" src=\"data:image/png;base64,%s\">"
        .formatted(
            escape(description),
            image.getWidth(),
            image.getHeight(),
            Base64.getEncoder().encodeToString(bytes.toByteArray()));
  }
}
