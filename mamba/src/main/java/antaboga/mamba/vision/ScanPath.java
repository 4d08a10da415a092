// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;

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
    int length = height * width;
    IntUnaryOperator rows = t -> t;
    IntUnaryOperator columns = t -> t % height * width + t / height;
    IntUnaryOperator back = t -> length - 1 - t;
    List<IntUnaryOperator> orders =
        switch (this) {
          case CROSS -> List.of(rows, columns, back, columns.compose(back));
          case UNIDIRECTIONAL -> List.of(rows, rows, rows, rows);
          case BIDIRECTIONAL -> List.of(rows, rows, back, back);
          case ROTATED -> {
            IntUnaryOperator left = t -> t % height * width + width - 1 - t / height;
            yield List.of(rows, left, back, left.compose(back));
          }
        };
    var positions = new ArrayList<int[]>();
    for (var order : orders) {
      var at = new int[length];
      for (int t = 0; t < length; t++) {
        at[t] = order.applyAsInt(t);
      }
      positions.add(at);
    }
    return positions;
  }
}
