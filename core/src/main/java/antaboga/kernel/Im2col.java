// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.Window;

/**
 * The matrix of an image that turns a convolution into a product: one row for each channel and tap,
 * one column for each output position. Works on tiles: some channels, some positions.
 */
final class Im2col {
  private Im2col() {}

  /**
   * Columns of positions {@code first} to {@code first + count - 1} (row-major in the output) of
   * one channel's taps.
   *
   * @param plane the channel, (height, width), from {@code planeAt}
   * @param column taps rows, {@code stride} apart, from {@code at}
   */
  static void unfold(
      float[] plane,
      int planeAt,
      int height,
      int width,
      Window w,
      int outWidth,
      int first,
      int count,
      float[] column,
      int at,
      int stride) {
    for (int ki = 0; ki < w.height(); ki++) {
      for (int kj = 0; kj < w.width(); kj++, at += stride) {
        int p = first;
        while (p < first + count) {
          int oh = p / outWidth;
          int ow = p % outWidth;
          int n = Math.min(outWidth - ow, first + count - p);
          int ih = oh * w.strideH() - w.paddingH() + ki * w.dilationH();
          int to = at + p - first;
          if (ih < 0 || ih >= height) {
            java.util.Arrays.fill(column, to, to + n, 0);
          } else {
            int iw = ow * w.strideW() - w.paddingW() + kj * w.dilationW();
            row(plane, planeAt + ih * width, width, iw, w.strideW(), column, to, n);
          }
          p += n;
        }
      }
    }
  }

  private static void row(
      float[] plane, int row, int width, int iw, int stride, float[] column, int to, int n) {
    int before = iw >= 0 ? 0 : Math.min(n, (-iw + stride - 1) / stride);
    int inside = iw >= width ? 0 : Math.min(n, (width - 1 - iw) / stride + 1);
    inside = Math.max(inside, before);
    java.util.Arrays.fill(column, to, to + before, 0);
    if (stride == 1 && inside > before) {
      System.arraycopy(plane, row + iw + before, column, to + before, inside - before);
    } else {
      for (int i = before; i < inside; i++) {
        column[to + i] = plane[row + iw + i * stride];
      }
    }
    java.util.Arrays.fill(column, to + inside, to + n, 0);
  }

  /** The adjoint of {@link #unfold}: adds columns to the plane. */
  static void fold(
      float[] plane,
      int planeAt,
      int height,
      int width,
      Window w,
      int outWidth,
      int first,
      int count,
      float[] column,
      int at,
      int stride) {
    for (int ki = 0; ki < w.height(); ki++) {
      for (int kj = 0; kj < w.width(); kj++, at += stride) {
        int p = first;
        while (p < first + count) {
          int oh = p / outWidth;
          int ow = p % outWidth;
          int n = Math.min(outWidth - ow, first + count - p);
          int ih = oh * w.strideH() - w.paddingH() + ki * w.dilationH();
          if (ih >= 0 && ih < height) {
            int iw = ow * w.strideW() - w.paddingW() + kj * w.dilationW();
            addRow(plane, planeAt + ih * width, width, iw, w.strideW(), column, at + p - first, n);
          }
          p += n;
        }
      }
    }
  }

  private static void addRow(
      float[] plane, int row, int width, int iw, int stride, float[] column, int from, int n) {
    int before = iw >= 0 ? 0 : Math.min(n, (-iw + stride - 1) / stride);
    int inside = iw >= width ? 0 : Math.min(n, (width - 1 - iw) / stride + 1);
    for (int i = before; i < inside; i++) {
      plane[row + iw + i * stride] += column[from + i];
    }
  }
}
