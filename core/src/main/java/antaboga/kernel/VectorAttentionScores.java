// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.kernel.AttentionKernel.Relative;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Scores of attention in blocks: a row for each key, a lane for each query, so that whatever is
 * done to a query's scores is done to all lanes at once. Rows of inputs are packed in panels, each
 * transposed: (panels, width, PANEL), with zeros behind the last row.
 *
 * @param h rows of the grid of keys, or 0 if there are no position terms
 */
record VectorAttentionScores(int problems, int queries, int keys, int d, int e, int h, int w) {
  private static final VectorSpecies<Float> SPECIES = VectorLanes.FLOAT;
  private static final int LANES = SPECIES.length();
  static final int PANEL = VectorProduct.PANEL;

  /** Keys of a block; its scores, keys and values stay in the caches. */
  static final int KEYS = 256;

  static VectorAttentionScores of(INDArray q, INDArray k, INDArray v, @Nullable Relative relative) {
    return new VectorAttentionScores(
        size(q, 0),
        size(q, 1),
        size(k, 1),
        size(q, 2),
        size(v, 2),
        relative == null ? 0 : size(relative.rows(), 2),
        relative == null ? 0 : size(relative.columns(), 2));
  }

  private static int size(INDArray x, int axis) {
    return Math.toIntExact(x.size(axis));
  }

  int blocks() {
    return (keys + KEYS - 1) / KEYS;
  }

  int keysOf(int block) {
    return Math.min(KEYS, keys - block * KEYS);
  }

  /** Panels of {@code rows} rows of this width, each transposed. */
  static float[] panels(Tiles from, long row, int rows, int width, int slot) {
    var packed = Scratch.floats(slot, VectorProduct.panelled(rows) * width);
    var source = Scratch.floats(5, PANEL * width);
    for (int first = 0; first < rows; first += PANEL) {
      int count = Math.min(PANEL, rows - first);
      from.read((row + first) * width, source, 0, count * width);
      java.util.Arrays.fill(source, count * width, PANEL * width, 0);
      int to = first * width;
      for (int c = 0; c < width; c++) {
        for (int r = 0; r < PANEL; r++) {
          packed[to++] = source[r * width + c];
        }
      }
    }
    return packed;
  }

  /**
   * Scores a panel of queries, already scaled, against a block of keys.
   *
   * @param at where the first key's scores go; those of the next one {@code row} behind
   * @param rows the position terms of the queries along the grid's rows, panels of width h
   */
  void score(
      int block,
      float[] packedKeys,
      float[] packedQueries,
      float[] rows,
      float[] columns,
      int panel,
      float[] scores,
      int at,
      int row) {
    int m = keysOf(block);
    if (h == 0) {
      for (int j = 0; j < m; j++) {
        java.util.Arrays.fill(scores, at + j * row, at + j * row + PANEL, 0);
      }
    } else {
      for (int j = 0; j < m; j++) {
        int key = block * KEYS + j;
        sum(
            rows,
            (panel * h + key / w) * PANEL,
            columns,
            (panel * w + key % w) * PANEL,
            scores,
            at + j * row);
      }
    }
    products(block, packedKeys, d, packedQueries, panel, scores, at, row);
  }

  /** Adds the products of a block of packed keys, or values, with a panel of the same width. */
  void products(
      int block,
      float[] packed,
      int width,
      float[] others,
      int panel,
      float[] products,
      int at,
      int row) {
    int m = keysOf(block);
    for (int j = 0; j < m; j += PANEL) {
      VectorProduct.addPanels(
          packed,
          (block * KEYS + j) * width,
          others,
          panel * width * PANEL,
          products,
          at + j * row,
          row,
          Math.min(PANEL, m - j),
          width);
    }
  }

  private static void sum(float[] a, int aAt, float[] b, int bAt, float[] to, int at) {
    FloatVector.fromArray(SPECIES, a, aAt)
        .add(FloatVector.fromArray(SPECIES, b, bAt))
        .intoArray(to, at);
    FloatVector.fromArray(SPECIES, a, aAt + LANES)
        .add(FloatVector.fromArray(SPECIES, b, bAt + LANES))
        .intoArray(to, at + LANES);
  }
}
