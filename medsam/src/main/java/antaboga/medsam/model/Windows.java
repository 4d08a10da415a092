// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Tensor;

/**
 * Square windows of an image, padded with zeros at the bottom and at the right; padded tokens are
 * ordinary tokens to attention. Source: {@code window_partition} of segment_anything.
 */
record Windows(int side) {
  /** From (B, H, W, C) to (B n, side, side, C), the n windows of an image row by row. */
  Tensor partition(Tensor x) {
    long rows = padded(x.size(1)) / side;
    long columns = padded(x.size(2)) / side;
    return x.pad(1, 0, rows * side - x.size(1))
        .pad(2, 0, columns * side - x.size(2))
        .reshape(x.size(0), rows, side, columns, side, x.size(3))
        .permute(0, 1, 3, 2, 4, 5)
        .reshape(x.size(0) * rows * columns, side, side, x.size(3));
  }

  /** Back to images of this height and width; the padding is cut off. */
  Tensor join(Tensor windows, long height, long width) {
    long rows = padded(height) / side;
    long columns = padded(width) / side;
    long images = windows.size(0) / (rows * columns);
    return windows
        .reshape(images, rows, columns, side, side, windows.size(3))
        .permute(0, 1, 3, 2, 4, 5)
        .reshape(images, rows * side, columns * side, windows.size(3))
        .slice(1, 0, height)
        .slice(2, 0, width);
  }

  private long padded(long size) {
    return (size + side - 1) / side * side;
  }
}
