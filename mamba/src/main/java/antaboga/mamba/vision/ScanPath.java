// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import java.util.List;

/** Four orders in which a scan visits the positions of an image; numbers are VMamba's. */
public enum ScanPath {
  /** Row by row, column by column, and both backwards (0). */
  CROSS,
  /** Row by row, four times (1). */
  UNIDIRECTIONAL,
  /** Row by row twice, and twice backwards (2). */
  BIDIRECTIONAL,
  /** Row by row over the image turned by 0, 90, 180 and 270 degrees counter-clockwise (3). */
  ROTATED;

  /** For each of the four scans the positions (row · width + column) in the order of time. */
  public List<int[]> orders(int height, int width) {
    var rows = order(height, width, 0, width, 1);
    var columns = order(width, height, 0, 1, width);
    return switch (this) {
      case CROSS -> List.of(rows, columns, reversed(rows), reversed(columns));
      case UNIDIRECTIONAL -> List.of(rows, rows, rows, rows);
      case BIDIRECTIONAL -> List.of(rows, rows, reversed(rows), reversed(rows));
      case ROTATED -> {
        var left = order(width, height, width - 1, -1, width);
        yield List.of(rows, left, reversed(rows), reversed(left));
      }
    };
  }

  /** Lines of so many positions, each {@code line} and {@code step} after the other. */
  private static int[] order(int lines, int count, int first, int line, int step) {
    var at = new int[lines * count];
    for (int i = 0, t = 0; i < lines; i++) {
      for (int j = 0; j < count; j++) {
        at[t++] = first + i * line + j * step;
      }
    }
    return at;
  }

  private static int[] reversed(int[] order) {
    var back = new int[order.length];
    for (int t = 0; t < back.length; t++) {
      back[t] = order[back.length - 1 - t];
    }
    return back;
  }
}
