// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PageTest {
  @Test
  void needsNothingBesideItself() {
    var html = page("a <b> & \"c\"").html();
    assertFalse(html.contains("http"), "no outside resource");
    assertFalse(html.contains("<script"), "no script");
    assertTrue(html.contains("a &lt;b&gt; &amp; &quot;c&quot;"), "text is escaped");
    assertTrue(html.contains("data:image/png;base64,iVBOR"), "pictures are inside");
    assertEquals(html, page("a <b> & \"c\"").html(), "same content, same bytes");
  }

  @Test
  void writesUndefinedScoresInWords() {
    assertTrue(page("t").html().contains("undefined"));
  }

  @Test
  void paintsHitsExtrasAndMisses() {
    var image = new BufferedImage(3, 1, BufferedImage.TYPE_INT_RGB);
    var truth = grey(255, 255, 0);
    var prediction = grey(255, 0, 255);
    var judged = Overlay.judged(image, truth, prediction);
    for (int x = 0; x < 3; x++) {
      var expected = List.of(Overlay.HIT, Overlay.MISSED, Overlay.EXTRA).get(x);
      var seen = new Color(judged.getRGB(x, 0));
      assertEquals(expected.getGreen() * 0.62, seen.getGreen(), 1, "pixel " + x);
    }
  }

  @Test
  void showsSmallImagesEnlargedWithTheirBoxes() {
    var image = new BufferedImage(3, 1, BufferedImage.TYPE_INT_RGB);
    var shown = Overlay.asked(image, grey(0, 255, 0), List.of(new Rectangle2D.Double(1, 0, 1, 1)));
    assertEquals(510, shown.getWidth());
    assertEquals(170, shown.getHeight());
    assertEquals(Color.CYAN, new Color(shown.getRGB(170, 80)));
    assertEquals(Color.CYAN, new Color(shown.getRGB(339, 80)));
    assertEquals(0, new Color(shown.getRGB(169, 80)).getGreen());
    assertTrue(new Color(shown.getRGB(255, 80)).getRed() > 0, "the mask's tint");
  }

  @Test
  void refusesAMaskOfAnotherSize() {
    var image = new BufferedImage(2, 2, BufferedImage.TYPE_INT_RGB);
    var thrown =
        assertThrows(
            IllegalArgumentException.class, () -> Overlay.mask(image, grey(1, 1, 1), Color.RED));
    assertEquals("mask is 3 x 1, its image 2 x 2", thrown.getMessage());
  }

  private static BufferedImage grey(int... values) {
    var image = new BufferedImage(values.length, 1, BufferedImage.TYPE_BYTE_GRAY);
    for (int x = 0; x < values.length; x++) {
      image.getRaster().setSample(x, 0, 0, values[x]);
    }
    return image;
  }

  private static Page page(String title) {
    var random = new SplittableRandom(1);
    var first = new ArrayList<LineChart.Point>();
    var second = new ArrayList<LineChart.Point>();
    var pairs = new ArrayList<PairChart.Pair>();
    for (int i = 0; i < 300; i++) {
      first.add(new LineChart.Point(i, Math.exp(-i / 60.0) + 0.3 + 0.05 * random.nextDouble()));
      second.add(new LineChart.Point(i, Math.exp(-i / 90.0) + 0.2 + 0.05 * random.nextDouble()));
      if (i < 14) {
        double a = 0.5 + 0.3 * random.nextDouble();
        pairs.add(new PairChart.Pair("image " + i, a, a + 0.12 * random.nextDouble() - 0.02));
      }
    }
    var picture = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
    var view = new Page.View(picture, "truth", "");
    var score = new Page.Score(0.712, 0.12);
    var better = new Page.Score(0.801, 0.08);
    var none = new Page.Score(Double.NaN, Double.NaN);
    return new Page(
        "Antaboga demo",
        title,
        "A Mamba network of 1.34 million parameters learned to outline nuclei from 6 labelled"
            + " images and 50 unlabelled ones, guided by a small teacher.",
        List.of(
            new Page.Tile("0.712", "Dice, labels only", "baseline"),
            new Page.Tile("0.801", "Dice, whole method", "method"),
            new Page.Tile("1,344,956", "parameters of the student", ""),
            new Page.Tile("3 min 40 s", "on 2 cores, everything included", "")),
        List.of(
            new Page.Method("labels only", "baseline"), new Page.Method("whole method", "method")),
        List.of(
            new Page.Metric("Dice", "", true, List.of(score, better)),
            new Page.Metric("HD95", "px", false, List.of(none, new Page.Score(12.3, 4)))),
        "14 images.",
        new PairChart("labels only", "whole method", pairs),
        List.of(
            new LineChart(
                "Supervised loss",
                "step",
                List.of(
                    new LineChart.Series("labels only", "baseline faint", first),
                    new LineChart.Series("labels only", "baseline", first).smoothed(15),
                    new LineChart.Series("whole method", "method faint", second),
                    new LineChart.Series("whole method", "method", second).smoothed(15)))),
        "Means over 15 steps.",
        List.of(new Page.Case("Best", "stain_1", List.of(view, view, view, view))),
        List.of(new Page.Facts("Machine", Map.of("processor", "2 cores"))),
        "Research only.");
  }

  /** For a look at the page while working on its style: {@code java ... PageTest FILE}. */
  public static void main(String... arguments) throws IOException {
    Files.writeString(Path.of(arguments[0]), page("A title of the usual length").html());
  }
}
