// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

/**
 * Bilinear resizing of bytes as Pillow does it: the triangle widens with the reduction, its weights
 * are rounded to 22 binary digits, and each pass rounds to bytes; rows first, then columns.
 *
 * <p>Source: {@code Resample.c} of Pillow, whose result SAM's {@code ResizeLongestSide} takes.
 */
final class PillowResize {
  private static final int DIGITS = 22; // 32 - 8 bits of a pixel - 2 of head room

  private PillowResize() {}

  /** One channel of {@code height * width} bytes at another size. */
  static byte[] bilinear(byte[] plane, int height, int width, int toHeight, int toWidth) {
    var wide = plane;
    if (toWidth != width) {
      var taps = Taps.of(width, toWidth);
      wide = new byte[Math.multiplyExact(height, toWidth)];
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < toWidth; x++) {
          wide[y * toWidth + x] = taps.weigh(plane, y * width, 1, x);
        }
      }
    }
    if (toHeight == height) {
      return wide == plane ? plane.clone() : wide;
    }
    var taps = Taps.of(height, toHeight);
    var out = new byte[Math.multiplyExact(toHeight, toWidth)];
    for (int y = 0; y < toHeight; y++) {
      for (int x = 0; x < toWidth; x++) {
        out[y * toWidth + x] = taps.weigh(wide, x, toWidth, y);
      }
    }
    return out;
  }

  private static final class Taps {
    private final int[] first;
    private final int[][] weights;

    private Taps(int[] first, int[][] weights) {
      this.first = first;
      this.weights = weights;
    }

    static Taps of(int from, int to) {
      double scale = (double) from / to;
      double support = Math.max(1, scale);
      var first = new int[to];
      var weights = new int[to][];
      for (int i = 0; i < to; i++) {
        double centre = (i + 0.5) * scale;
        first[i] = Math.max(0, (int) (centre - support + 0.5));
        int last = Math.min(from, (int) (centre + support + 0.5));
        var w = new double[last - first[i]];
        double sum = 0;
        for (int k = 0; k < w.length; k++) {
          w[k] = Math.max(0, 1 - Math.abs((k + first[i] - centre + 0.5) * (1 / support)));
          sum += w[k];
        }
        weights[i] = new int[w.length];
        for (int k = 0; k < w.length; k++) {
          weights[i][k] = (int) (0.5 + w[k] / sum * (1 << DIGITS));
        }
      }
      return new Taps(first, weights);
    }

    byte weigh(byte[] x, int origin, int stride, int i) {
      int sum = 1 << (DIGITS - 1);
      var w = weights[i];
      for (int k = 0; k < w.length; k++) {
        sum += w[k] * (x[origin + (first[i] + k) * stride] & 0xff);
      }
      return (byte) Math.min(255, sum >> DIGITS);
    }
  }
}
