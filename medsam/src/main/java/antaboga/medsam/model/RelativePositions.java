// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Tensor;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The vectors of all relative positions of queries and keys along one axis, taken from a learned
 * table (L, d); a table of another length is resampled linearly. Both are linear in the table,
 * hence one constant matrix. Source: {@code get_rel_pos} of segment_anything.
 */
final class RelativePositions {
  private RelativePositions() {}

  /** From the table (L, d) to (queries, keys, d). */
  static Tensor of(Tensor table, int queries, int keys) {
    int length = (int) table.size(0);
    var matrix = Tensor.of(matrix(queries, keys, length), (long) queries * keys, length);
    return (table.type() == DataType.FLOAT ? matrix : matrix.to(table.type()))
        .matmul(table)
        .reshape(queries, keys, table.size(1));
  }

  private static float[] matrix(int queries, int keys, int length) {
    var matrix = new float[Math.multiplyExact(queries * keys, length)];
    int distances = 2 * Math.max(queries, keys) - 1;
    double perQuery = Math.max((double) keys / queries, 1); // in steps of the finer axis
    double perKey = Math.max((double) queries / keys, 1);
    for (int q = 0; q < queries; q++) {
      for (int k = 0; k < keys; k++) {
        int distance = (int) (q * perQuery - k * perKey + (keys - 1) * perKey);
        int row = (q * keys + k) * length;
        double at = Math.max(0, (distance + 0.5) * length / distances - 0.5);
        int below = Math.min((int) at, length - 1);
        float share = (float) (at - below);
        matrix[row + below] += 1 - share;
        matrix[row + Math.min(below + 1, length - 1)] += share;
      }
    }
    return matrix;
  }
}
