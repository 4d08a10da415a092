// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import antaboga.Tensor;

/**
 * One of the eight ways to lay a square image: turned by quarter turns counter-clockwise, and
 * mirrored left to right before.
 */
public enum Orientation {
  /** As it is. */
  UPRIGHT(false, 0),
  /** Turned by 90 degrees. */
  TURNED_90(false, 1),
  /** Turned by 180 degrees. */
  TURNED_180(false, 2),
  /** Turned by 270 degrees. */
  TURNED_270(false, 3),
  /** Mirrored. */
  MIRRORED(true, 0),
  /** Mirrored, then turned by 90 degrees. */
  MIRRORED_90(true, 1),
  /** Mirrored, then turned by 180 degrees: upside down. */
  MIRRORED_180(true, 2),
  /** Mirrored, then turned by 270 degrees. */
  MIRRORED_270(true, 3);

  private static final Orientation[] ALL = values();

  private final boolean mirrored;
  private final int quarters;

  Orientation(boolean mirrored, int quarters) {
    this.mirrored = mirrored;
    this.quarters = quarters;
  }

  static Orientation of(boolean mirrored, int quarters) {
    return ALL[(mirrored ? 4 : 0) + quarters];
  }

  /** The one that undoes this one. */
  public Orientation inverse() {
    return mirrored ? this : of(false, (4 - quarters) % 4);
  }

  /** The number of the old pixel that lies at the new row and column of a square image. */
  int source(int row, int column, int size) {
    int last = size - 1;
    int y = row;
    int x = column;
    for (int turn = 0; turn < quarters; turn++) {
      int turned = x; // a quarter turn shows old (x, last - y) at (y, x)
      x = last - y;
      y = turned;
    }
    return y * size + (mirrored ? last - x : x);
  }

  /** Lays a plane of size * size values, from {@code at} on in the result. */
  void lay(float[] upright, int size, float[] laid, int at) {
    int first = source(0, 0, size);
    int alongRow = size == 1 ? 0 : source(0, 1, size) - first;
    int alongColumn = size == 1 ? 0 : source(1, 0, size) - first;
    for (int y = 0; y < size; y++) {
      int from = first + y * alongColumn;
      int to = at + y * size;
      for (int x = 0; x < size; x++) {
        laid[to + x] = upright[from + x * alongRow];
      }
    }
  }

  /** The image laid so; H = W: x (..., H, W). Gradients flow through. */
  public Tensor of(Tensor x) {
    int rank = x.shape().rank();
    var y = mirrored ? x.flip(-1) : x;
    if (quarters % 2 == 1) {
      var order = new int[rank];
      for (int i = 0; i < rank; i++) {
        order[i] = i;
      }
      order[rank - 2] = rank - 1;
      order[rank - 1] = rank - 2;
      y = y.permute(order);
    }
    return switch (quarters) {
      case 1 -> y.flip(-2);
      case 2 -> y.flip(-2, -1);
      case 3 -> y.flip(-1);
      default -> y;
    };
  }
}
