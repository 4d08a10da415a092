// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.report;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.util.List;

/** Pictures of a mask over its image. Masks are grey images, foreground above 127. */
public final class Overlay {
  /** Rightly marked. */
  public static final Color HIT = new Color(0x14b8a6);

  /** Marked, but not in the truth. */
  public static final Color EXTRA = new Color(0xf97316);

  /** In the truth, but not marked. */
  public static final Color MISSED = new Color(0x3b82f6);

  private static final double TINT = 0.42;
  private static final int SEEN = 512; // pixels

  private Overlay() {}

  /** The image with this length of its shorter side, as {@link #scaled}. */
  public static BufferedImage fitted(BufferedImage image, int shorter) {
    double factor = (double) shorter / Math.min(image.getWidth(), image.getHeight());
    return scaled(
        image,
        (int) Math.round(factor * image.getWidth()),
        (int) Math.round(factor * image.getHeight()));
  }

  /** The image at a size, smooth, in colour. */
  public static BufferedImage scaled(BufferedImage image, int width, int height) {
    var result = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    var graphics = result.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    graphics.drawImage(image, 0, 0, width, height, null);
    graphics.dispose();
    return result;
  }

  /**
   * The image with a mask upon it and the boxes that asked for it; a small image is enlarged, so
   * that single pixels can be seen.
   */
  public static BufferedImage asked(
      BufferedImage image, BufferedImage mask, List<Rectangle2D> boxes) {
    sameSize(image, mask);
    int times = Math.max(1, SEEN / Math.max(image.getWidth(), image.getHeight()));
    int width = times * image.getWidth();
    int height = times * image.getHeight();
    var shown = mask(scaled(image, width, height), repeated(mask, times), Color.YELLOW);
    for (var box : boxes) {
      int left = (int) (times * box.getMinX());
      int top = (int) (times * box.getMinY());
      int right = (int) (times * box.getMaxX()) - 1;
      int bottom = (int) (times * box.getMaxY()) - 1;
      shown = box(shown, left, top, right, bottom, Color.CYAN);
    }
    return shown;
  }

  /** Each pixel as a square of so many. */
  private static BufferedImage repeated(BufferedImage mask, int times) {
    int width = times * mask.getWidth();
    int height = times * mask.getHeight();
    var result = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int value = mask.getRaster().getSample(x / times, y / times, 0);
        result.getRaster().setSample(x, y, 0, value);
      }
    }
    return result;
  }

  /** The image with a mask in one colour: tinted inside, its outline full. */
  public static BufferedImage mask(BufferedImage image, BufferedImage mask, Color colour) {
    var result = scaled(image, image.getWidth(), image.getHeight());
    var m = mask.getRaster();
    sameSize(image, mask);
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        if (isSet(m, x, y)) {
          paint(result, x, y, colour, onEdge(m, x, y) ? 1 : TINT / 2);
        }
      }
    }
    return result;
  }

  /** The image with a prediction judged by the truth: hit, extra and missed pixels. */
  public static BufferedImage judged(
      BufferedImage image, BufferedImage truth, BufferedImage prediction) {
    sameSize(image, truth);
    sameSize(image, prediction);
    var result = scaled(image, image.getWidth(), image.getHeight());
    var t = truth.getRaster();
    var p = prediction.getRaster();
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        boolean marked = isSet(p, x, y);
        boolean lesion = isSet(t, x, y);
        if (marked || lesion) {
          paint(result, x, y, marked && lesion ? HIT : marked ? EXTRA : MISSED, 0.62);
        }
      }
    }
    return result;
  }

  /** The image with a rectangle, corners included. */
  public static BufferedImage box(
      BufferedImage image, int x0, int y0, int x1, int y1, Color colour) {
    var result = scaled(image, image.getWidth(), image.getHeight());
    Graphics2D graphics = result.createGraphics();
    graphics.setColor(colour);
    graphics.drawRect(x0, y0, x1 - x0, y1 - y0);
    graphics.dispose();
    return result;
  }

  private static void paint(BufferedImage image, int x, int y, Color colour, double weight) {
    int old = image.getRGB(x, y);
    int red = mix(old >> 16 & 255, colour.getRed(), weight);
    int green = mix(old >> 8 & 255, colour.getGreen(), weight);
    int blue = mix(old & 255, colour.getBlue(), weight);
    image.setRGB(x, y, red << 16 | green << 8 | blue);
  }

  private static int mix(int from, int to, double weight) {
    return (int) Math.round(from + (to - from) * weight);
  }

  private static boolean onEdge(Raster m, int x, int y) {
    return x == 0
        || y == 0
        || x == m.getWidth() - 1
        || y == m.getHeight() - 1
        || !isSet(m, x - 1, y)
        || !isSet(m, x + 1, y)
        || !isSet(m, x, y - 1)
        || !isSet(m, x, y + 1);
  }

  private static boolean isSet(Raster mask, int x, int y) {
    return mask.getSample(x, y, 0) > 127;
  }

  private static void sameSize(BufferedImage image, BufferedImage mask) {
    if (image.getWidth() != mask.getWidth() || image.getHeight() != mask.getHeight()) {
      throw new IllegalArgumentException(
          "mask is %d x %d, its image %d x %d"
              .formatted(mask.getWidth(), mask.getHeight(), image.getWidth(), image.getHeight()));
    }
  }
}
