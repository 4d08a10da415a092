// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.kernel.AttentionKernel.Gradients;
import antaboga.kernel.AttentionKernel.Relative;
import antaboga.kernel.AttentionKernel.Value;
import antaboga.ops.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The way back through attention: the scores of a block are made again, in lanes of queries, and
 * with the sums of forward they are the shares p; {@code dS = p (g v - g y)}. A task is a problem.
 */
final class VectorAttentionGradient {
  private static final VectorSpecies<Float> SPECIES = VectorLanes.FLOAT;
  private static final int LANES = SPECIES.length();
  private static final int PANEL = VectorProduct.PANEL;
  private static final int KEYS = VectorAttentionScores.KEYS;

  /** Queries of a block. */
  private static final int QUERIES = 4 * PANEL;

  private final VectorAttentionScores n;
  private final float scale;
  private final boolean relative;
  private final Tiles[] inputs; // q, k, v, gradient, y, log sums, and rows and columns of positions
  private final Tiles[] outputs; // dq, dk, dv, and those of rows and columns

  private VectorAttentionGradient(
      VectorAttentionScores n, float scale, boolean relative, Tiles[] inputs, Tiles[] outputs) {
    this.n = n;
    this.scale = scale;
    this.relative = relative;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  static Gradients of(
      INDArray gradient,
      INDArray q,
      INDArray k,
      INDArray v,
      @Nullable Relative relative,
      float scale,
      Value value) {
    var n = VectorAttentionScores.of(q, k, v, relative);
    var dq = Arrays.empty(DataType.FLOAT, q.shape());
    var dk = Arrays.empty(DataType.FLOAT, k.shape());
    var dv = Arrays.empty(DataType.FLOAT, v.shape());
    var terms = relative == null ? new Relative(q, q) : relative;
    var dr =
        relative == null
            ? null
            : new Relative(
                Arrays.empty(DataType.FLOAT, relative.rows().shape()),
                Arrays.empty(DataType.FLOAT, relative.columns().shape()));
    var back =
        new VectorAttentionGradient(
            n,
            scale,
            relative != null,
            tiles(q, k, v, gradient, value.y(), value.logSums(), terms.rows(), terms.columns()),
            dr == null ? tiles(dq, dk, dv) : tiles(dq, dk, dv, dr.rows(), dr.columns()));
    Workers.run(n.problems(), back::problem);
    return new Gradients(dq, dk, dv, dr);
  }

  private static Tiles[] tiles(INDArray... arrays) {
    return java.util.Arrays.stream(arrays).map(Tiles::of).toArray(Tiles[]::new);
  }

  private void problem(int p) {
    int d = n.d();
    int e = n.e();
    int wideD = VectorProduct.padded(d);
    int wideE = VectorProduct.padded(e);
    long firstKey = (long) p * n.keys();
    var packedKeys = VectorAttentionScores.panels(inputs[1], firstKey, n.keys(), d, 0);
    var packedValues = VectorAttentionScores.panels(inputs[2], firstKey, n.keys(), e, 1);
    var keys = read(inputs[1], firstKey, n.keys(), d, 6);
    var keyGradients = zeros(7, n.keys() * wideD);
    var valueGradients = zeros(8, n.keys() * wideE);
    var shares = Scratch.floats(9, KEYS * QUERIES); // a row for each key
    var slopes = Scratch.floats(10, KEYS * QUERIES);
    var logSums = new float[QUERIES];
    var means = new float[QUERIES];
    var ignored = new float[LANES];
    for (int i = 0; i < n.queries(); i += QUERIES) {
      int count = Math.min(QUERIES, n.queries() - i);
      int lanes = VectorProduct.panelled(count);
      long row = (long) p * n.queries() + i;
      var queries = read(inputs[0], row, count, d, 11);
      VectorAttention.multiply(queries, 0, count * wideD, scale);
      var packedQueries = VectorAttentionScores.panels(inputs[0], row, count, d, 2);
      VectorAttention.multiply(packedQueries, 0, lanes * d, scale);
      var g = read(inputs[3], row, count, e, 12);
      var packedGradients = VectorAttentionScores.panels(inputs[3], row, count, e, 13);
      var y = read(inputs[4], row, count, e, 14);
      for (int r = 0; r < count; r++) {
        means[r] = VectorSoftmax.dot(g, y, r * wideE, e);
      }
      inputs[5].read(row, logSums, 0, count);
      var rowTerms = VectorAttentionScores.panels(inputs[6], row, count, n.h(), 3);
      var columnTerms = VectorAttentionScores.panels(inputs[7], row, count, n.w(), 4);
      var queryGradients = zeros(15, count * wideD);
      var rowGradients = zeros(16, lanes * n.h());
      var columnGradients = zeros(17, lanes * n.w());
      for (int block = 0; block < n.blocks(); block++) {
        int m = n.keysOf(block);
        for (int at = 0; at < lanes; at += PANEL) {
          int panel = at / PANEL;
          n.score(
              block, packedKeys, packedQueries, rowTerms, columnTerms, panel, shares, at, QUERIES);
          for (int j = 0; j < m; j++) {
            java.util.Arrays.fill(slopes, j * QUERIES + at, j * QUERIES + at + PANEL, 0);
          }
          n.products(block, packedValues, e, packedGradients, panel, slopes, at, QUERIES);
          for (int v = at; v < at + PANEL; v += LANES) {
            VectorExp.exp(shares, v, m, QUERIES, logSums, v, ignored, 0);
            slopes(slopes, shares, v, m, means);
          }
          if (relative) {
            positions(block, slopes, at, rowGradients, columnGradients);
          }
        }
        int keyAt = block * KEYS;
        // dv += p^T g
        VectorProduct.add(
            shares, 0, QUERIES, 1, g, 0, wideE, valueGradients, keyAt * wideE, wideE, m, e, count);
        // dq += ds k
        VectorProduct.add(
            slopes,
            0,
            1,
            QUERIES,
            keys,
            keyAt * wideD,
            wideD,
            queryGradients,
            0,
            wideD,
            count,
            d,
            m);
        // dk += ds^T q
        VectorProduct.add(
            slopes,
            0,
            QUERIES,
            1,
            queries,
            0,
            wideD,
            keyGradients,
            keyAt * wideD,
            wideD,
            m,
            d,
            count);
      }
      VectorAttention.multiply(queryGradients, 0, count * wideD, scale);
      write(outputs[0], row, count, d, queryGradients);
      if (relative) {
        writePanels(outputs[3], row, count, n.h(), rowGradients);
        writePanels(outputs[4], row, count, n.w(), columnGradients);
      }
    }
    write(outputs[1], firstKey, n.keys(), d, keyGradients);
    write(outputs[2], firstKey, n.keys(), e, valueGradients);
  }

  /** slope = p (slope - mean), in one vector of lanes. */
  private static void slopes(float[] slopes, float[] p, int at, int m, float[] means) {
    var mean = FloatVector.fromArray(SPECIES, means, at);
    for (int j = 0; j < m; j++) {
      FloatVector.fromArray(SPECIES, slopes, at + j * QUERIES)
          .sub(mean)
          .mul(FloatVector.fromArray(SPECIES, p, at + j * QUERIES))
          .intoArray(slopes, at + j * QUERIES);
    }
  }

  /** Adds the slopes of a panel to the terms of their keys' rows and columns. */
  private void positions(int block, float[] slopes, int at, float[] rows, float[] columns) {
    int m = n.keysOf(block);
    for (int j = 0; j < m; j++) {
      int key = block * KEYS + j;
      for (int v = 0; v < PANEL; v += LANES) {
        var slope = FloatVector.fromArray(SPECIES, slopes, j * QUERIES + at + v);
        int row = at * n.h() + key / n.w() * PANEL + v;
        slope.add(FloatVector.fromArray(SPECIES, rows, row)).intoArray(rows, row);
        int column = at * n.w() + key % n.w() * PANEL + v;
        slope.add(FloatVector.fromArray(SPECIES, columns, column)).intoArray(columns, column);
      }
    }
  }

  private static float[] zeros(int slot, int length) {
    var tile = Scratch.floats(slot, length);
    java.util.Arrays.fill(tile, 0, length, 0);
    return tile;
  }

  /** Rows padded to whole vectors with whatever is there. */
  private static float[] read(Tiles from, long row, int rows, int width, int slot) {
    int wide = VectorProduct.padded(width);
    var tile = Scratch.floats(slot, rows * wide);
    if (width == wide) {
      from.read(row * width, tile, 0, rows * width);
      return tile;
    }
    for (int r = 0; r < rows; r++) {
      from.read((row + r) * width, tile, r * wide, width);
    }
    return tile;
  }

  private static void write(Tiles to, long row, int rows, int width, float[] tile) {
    int wide = VectorProduct.padded(width);
    if (width == wide) {
      to.write(row * width, tile, 0, rows * width);
      return;
    }
    for (int r = 0; r < rows; r++) {
      to.write((row + r) * width, tile, r * wide, width);
    }
  }

  /** Transposes panels back into rows. */
  private static void writePanels(Tiles to, long row, int rows, int width, float[] panels) {
    var tile = Scratch.floats(5, rows * width);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < width; c++) {
        tile[r * width + c] = panels[(r / PANEL * width + c) * PANEL + r % PANEL];
      }
    }
    to.write(row * width, tile, 0, rows * width);
  }
}
