// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import antaboga.kernel.Workers;
import java.util.Arrays;

/**
 * Resizing as scikit-image 0.19's {@code transform.resize}: a Gaussian against aliasing where the
 * image shrinks, then a cubic spline through the samples, read at pixel centres; the result is
 * limited to the range of the input.
 *
 * <p>Source: {@code ndimage.gaussian_filter} and {@code ndimage.zoom(grid_mode=True)} of SciPy,
 * which scikit-image calls; Thévenaz, Blu and Unser 2000, Interpolation Revisited.
 */
public final class SplineResize {
  /** What lies beyond the border. */
  public enum Boundary {
    /** The image mirrored about the centre of its outermost pixels; scikit-image's "reflect". */
    MIRROR,
    /** Zeros; scikit-image's "constant". */
    ZERO
  }

  private static final double POLE = Math.sqrt(3) - 2; // of the cubic B-spline's inverse filter
  private static final int MARGIN = 12; // SciPy's width of the border of zeros
  private static final int LINES = 64; // rows of one task

  private SplineResize() {}

  /**
   * The planes (C, H, W) at another size.
   *
   * @param planes one array of {@code height * width} values for each channel
   */
  public static double[][] cubic(
      double[][] planes, int height, int width, int toHeight, int toWidth, Boundary boundary) {
    var out = new double[planes.length][];
    for (int c = 0; c < planes.length; c++) {
      var wide = rows(planes[c], height, width, toWidth, boundary);
      var turned = transpose(wide, height, toWidth);
      out[c] = transpose(rows(turned, toWidth, height, toHeight, boundary), toWidth, toHeight);
    }
    limit(out, planes, boundary);
    return out;
  }

  /** The labels at another size: of each new pixel's centre, the old pixel that holds it. */
  public static byte[] nearest(byte[] labels, int height, int width, int toHeight, int toWidth) {
    var out = new byte[Math.multiplyExact(toHeight, toWidth)];
    var columns = nearest(width, toWidth);
    var rows = nearest(height, toHeight);
    for (int y = 0; y < toHeight; y++) {
      for (int x = 0; x < toWidth; x++) {
        out[y * toWidth + x] = labels[rows[y] * width + columns[x]];
      }
    }
    return out;
  }

  private static int[] nearest(int from, int to) {
    var source = new int[to];
    double step = (double) from / to;
    for (int i = 0; i < to; i++) {
      // in SciPy's order of operations, for the sake of ties
      double at = (i + 0.5) * step - 0.5;
      source[i] = Math.min(from - 1, (int) Math.floor(at + 0.5));
    }
    return source;
  }

  // every row from n to m values; the rows are independent
  private static double[] rows(double[] x, int rows, int n, int m, Boundary boundary) {
    var out = new double[Math.multiplyExact(rows, m)];
    var axis = Axis.of(n, m, boundary);
    Workers.run(
        (rows + LINES - 1) / LINES,
        task -> {
          var line = new double[n];
          var smooth = new double[n];
          var spline = new double[n + 2 * axis.margin];
          int last = Math.min(rows, (task + 1) * LINES);
          for (int row = task * LINES; row < last; row++) {
            System.arraycopy(x, row * n, line, 0, n);
            axis.apply(line, smooth, spline, out, row * m);
          }
        });
    return out;
  }

  /** The same work for each row: filters, taps and their weights. */
  private static final class Axis {
    private final int n;
    private final int margin;
    private final boolean mirror;
    private final double[] gaussian; // weights 0, 1, … radius; empty without smoothing
    private final int[] taps; // four for each output
    private final double[] weights;

    private Axis(
        int n, int margin, boolean mirror, double[] gaussian, int[] taps, double[] weights) {
      this.n = n;
      this.margin = margin;
      this.mirror = mirror;
      this.gaussian = gaussian;
      this.taps = taps;
      this.weights = weights;
    }

    static Axis of(int n, int m, Boundary boundary) {
      boolean mirror = boundary == Boundary.MIRROR;
      int margin = mirror ? 0 : MARGIN;
      var taps = new int[4 * m];
      var weights = new double[4 * m];
      double step = (double) n / m;
      for (int i = 0; i < m; i++) {
        double at = (i + 0.5) * step - 0.5 + margin;
        int first = (int) Math.floor(at) - 1;
        double y = at - Math.floor(at);
        double z = 1 - y;
        weights[4 * i] = z * z * z / 6;
        weights[4 * i + 1] = (y * y * (y - 2) * 3 + 4) / 6;
        weights[4 * i + 2] = (z * z * (z - 2) * 3 + 4) / 6;
        weights[4 * i + 3] = 1 - weights[4 * i] - weights[4 * i + 1] - weights[4 * i + 2];
        for (int k = 0; k < 4; k++) {
          taps[4 * i + k] = reflected(first + k, n + 2 * margin);
        }
      }
      return new Axis(n, margin, mirror, gaussian(Math.max(0, (step - 1) / 2)), taps, weights);
    }

    private static double[] gaussian(double sigma) {
      if (sigma <= 1e-15) {
        return new double[0];
      }
      var weights = new double[(int) (4 * sigma + 0.5) + 1];
      double sum = 0;
      for (int i = 0; i < weights.length; i++) {
        weights[i] = Math.exp(-0.5 / (sigma * sigma) * i * i);
        sum += i == 0 ? weights[i] : 2 * weights[i];
      }
      for (int i = 0; i < weights.length; i++) {
        weights[i] /= sum;
      }
      return weights;
    }

    void apply(double[] line, double[] smooth, double[] spline, double[] out, int to) {
      System.arraycopy(smoothed(line, smooth), 0, spline, margin, n);
      Arrays.fill(spline, 0, margin, 0);
      Arrays.fill(spline, margin + n, spline.length, 0);
      coefficients(spline);
      for (int i = 0; i < taps.length / 4; i++) {
        double sum = 0;
        for (int k = 4 * i; k < 4 * i + 4; k++) {
          sum += weights[k] * spline[taps[k]];
        }
        out[to + i] = sum;
      }
    }

    private double[] smoothed(double[] line, double[] smooth) {
      if (gaussian.length == 0) {
        return line;
      }
      for (int i = 0; i < n; i++) {
        double sum = gaussian[0] * line[i];
        for (int k = 1; k < gaussian.length; k++) {
          sum += gaussian[k] * (at(line, i - k) + at(line, i + k));
        }
        smooth[i] = sum;
      }
      return smooth;
    }

    private double at(double[] line, int i) {
      if (i >= 0 && i < n) {
        return line[i];
      }
      return mirror ? line[reflected(i, n)] : 0;
    }
  }

  // about the centres of the first and the last sample, as often as needed
  private static int reflected(int i, int n) {
    if (n == 1) {
      return 0;
    }
    int period = 2 * (n - 1);
    int k = Math.floorMod(i, period);
    return k < n ? k : period - k;
  }

  // from samples to the coefficients of the cubic B-spline through them, in place, mirrored ends
  private static void coefficients(double[] c) {
    int n = c.length;
    if (n == 1) {
      return;
    }
    double gain = (1 - POLE) * (1 - 1 / POLE);
    for (int i = 0; i < n; i++) {
      c[i] *= gain;
    }
    double end = Math.pow(POLE, n - 1);
    double power = POLE;
    double first = c[0] + end * c[n - 1];
    for (int i = 1; i < n - 1; i++) {
      first += power * (c[i] + end * c[n - 1 - i]);
      power *= POLE;
    }
    c[0] = first / (1 - end * end);
    for (int i = 1; i < n; i++) {
      c[i] += POLE * c[i - 1];
    }
    c[n - 1] = (POLE * c[n - 2] + c[n - 1]) * POLE / (POLE * POLE - 1);
    for (int i = n - 2; i >= 0; i--) {
      c[i] = POLE * (c[i + 1] - c[i]);
    }
  }

  // a spline overshoots; zero counts as a value of the input where it stands around it
  private static void limit(double[][] out, double[][] planes, Boundary boundary) {
    double low = min(planes);
    double high = max(planes);
    boolean zeroOutside = low > 0 || high < 0;
    if (boundary == Boundary.ZERO && zeroOutside && min(out) <= 0 && max(out) >= 0) {
      low = Math.min(low, 0);
      high = Math.max(high, 0);
    }
    for (var plane : out) {
      for (int i = 0; i < plane.length; i++) {
        plane[i] = Math.min(high, Math.max(low, plane[i]));
      }
    }
  }

  static double min(double[][] planes) {
    double min = Double.POSITIVE_INFINITY;
    for (var plane : planes) {
      for (double v : plane) {
        min = Math.min(min, v);
      }
    }
    return min;
  }

  static double max(double[][] planes) {
    double max = Double.NEGATIVE_INFINITY;
    for (var plane : planes) {
      for (double v : plane) {
        max = Math.max(max, v);
      }
    }
    return max;
  }

  private static double[] transpose(double[] x, int rows, int columns) {
    var out = new double[x.length];
    int block = 16; // so that both sides stay in the cache
    for (int r0 = 0; r0 < rows; r0 += block) {
      for (int c0 = 0; c0 < columns; c0 += block) {
        for (int r = r0; r < Math.min(rows, r0 + block); r++) {
          for (int c = c0; c < Math.min(columns, c0 + block); c++) {
            out[c * rows + r] = x[r * columns + c];
          }
        }
      }
    }
    return out;
  }
}
