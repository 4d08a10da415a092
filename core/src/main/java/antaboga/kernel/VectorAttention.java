// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.ops.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Attention of floats in blocks of queries against blocks of keys, whose scores stay in the caches.
 * Keys are packed with lanes along the keys, so that scores are products of tiles. Forward shares
 * out stretches of queries, backward problems. Doubles take the scalar body.
 */
final class VectorAttention implements AttentionKernel {
  private static final VectorSpecies<Float> SPECIES = VectorLanes.FLOAT;
  private static final int LANES = SPECIES.length();

  /** Queries of a block. */
  private static final int QUERIES = 64;

  /** Keys of a block: 64 by 128 scores are 32 KB. */
  private static final int KEYS = 128;

  /** Queries of a task, which packs its keys once. */
  private static final int TASK = 256;

  private final ScalarAttention scalar = new ScalarAttention();

  /** Sizes; rows of tiles are padded to whole vectors. */
  private record Sizes(int problems, int queries, int keys, int d, int e, int h, int w) {
    static Sizes of(INDArray q, INDArray k, INDArray v, @Nullable Relative relative) {
      return new Sizes(
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

    int wideD() {
      return VectorProduct.padded(d);
    }

    int wideE() {
      return VectorProduct.padded(e);
    }

    int blocks() {
      return (keys + KEYS - 1) / KEYS;
    }

    int keysOf(int block) {
      return Math.min(KEYS, keys - block * KEYS);
    }
  }

  @Override
  public Value forward(
      INDArray q, INDArray k, INDArray v, @Nullable Relative relative, double scale) {
    if (q.dataType() != DataType.FLOAT) {
      return scalar.forward(q, k, v, relative, scale);
    }
    var n = Sizes.of(q, k, v, relative);
    var y = Arrays.empty(DataType.FLOAT, n.problems, n.queries, n.e);
    var logSums = Arrays.empty(DataType.FLOAT, n.problems, n.queries);
    var queries = Tiles.of(q);
    var keys = Tiles.of(k);
    var values = Tiles.of(v);
    var rows = Tiles.of(relative == null ? q : relative.rows());
    var columns = Tiles.of(relative == null ? q : relative.columns());
    var target = Tiles.of(y);
    var sums = Tiles.of(logSums);
    int parts = (n.queries + TASK - 1) / TASK;
    Workers.run(
        n.problems * parts,
        task -> {
          int p = task / parts;
          int begin = task % parts * TASK;
          int end = Math.min(n.queries, begin + TASK);
          var packed = pack(keys, p, n.keys, n.d, 0, 5);
          var vTile = read(values, (long) p * n.keys, n.keys, n.e, n.wideE(), 1);
          var scores = Scratch.floats(2, QUERIES * KEYS);
          var out = Scratch.floats(3, QUERIES * n.wideE());
          var max = new float[QUERIES];
          var sum = new double[QUERIES];
          for (int i = begin; i < end; i += QUERIES) {
            int count = Math.min(QUERIES, end - i);
            long row = (long) p * n.queries + i;
            var qTile = read(queries, row, count, n.d, n.wideD(), 4);
            multiply(qTile, count * n.wideD(), (float) scale);
            var rowTerms = Scratch.floats(6, QUERIES * n.h);
            var columnTerms = Scratch.floats(7, QUERIES * n.w);
            if (relative != null) {
              rows.read(row * n.h, rowTerms, 0, count * n.h);
              columns.read(row * n.w, columnTerms, 0, count * n.w);
            }
            java.util.Arrays.fill(max, Float.NEGATIVE_INFINITY);
            java.util.Arrays.fill(sum, 0);
            java.util.Arrays.fill(out, 0, count * n.wideE(), 0);
            for (int block = 0; block < n.blocks(); block++) {
              int m = n.keysOf(block);
              scores(n, qTile, count, packed, block, scores);
              if (relative != null) {
                addRelative(n, scores, count, block, rowTerms, columnTerms);
              }
              int wide = VectorProduct.padded(m);
              for (int r = 0; r < count; r++) {
                int at = r * KEYS;
                java.util.Arrays.fill(scores, at + m, at + wide, Float.NEGATIVE_INFINITY);
                float most = Math.max(max[r], VectorSoftmax.max(scores, at, wide));
                float shrink = (float) Math.exp(max[r] - most);
                float part = VectorExp.exp(scores, at, wide, most);
                sum[r] = sum[r] * shrink + part;
                if (shrink != 1 && block > 0) {
                  multiply(out, r * n.wideE(), n.wideE(), shrink);
                }
                max[r] = most;
              }
              VectorProduct.add(
                  scores,
                  0,
                  KEYS,
                  1,
                  vTile,
                  block * KEYS * n.wideE(),
                  n.wideE(),
                  out,
                  0,
                  n.wideE(),
                  count,
                  n.e,
                  m);
            }
            for (int r = 0; r < count; r++) {
              multiply(out, r * n.wideE(), n.wideE(), (float) (1 / sum[r]));
              max[r] += (float) Math.log(sum[r]);
            }
            write(target, row, count, n.e, n.wideE(), out);
            sums.write(row, max, 0, count);
          }
        });
    return new Value(y, logSums);
  }

  /** Scores of a block of queries, already scaled, against a block of keys. */
  private static void scores(
      Sizes n, float[] queries, int count, float[] packed, int block, float[] scores) {
    java.util.Arrays.fill(scores, 0, count * KEYS, 0);
    VectorProduct.add(
        queries,
        0,
        n.wideD(),
        1,
        packed,
        block * KEYS * n.d,
        KEYS,
        scores,
        0,
        KEYS,
        count,
        n.keysOf(block),
        n.d);
  }

  private static void addRelative(
      Sizes n, float[] scores, int count, int block, float[] rows, float[] columns) {
    int m = n.keysOf(block);
    for (int r = 0; r < count; r++) {
      for (int j = 0; j < m; ) {
        int key = block * KEYS + j;
        int length = Math.min(n.w - key % n.w, m - j);
        float row = rows[r * n.h + key / n.w];
        addRow(scores, r * KEYS + j, columns, r * n.w + key % n.w, row, length);
        j += length;
      }
    }
  }

  private static void addRow(
      float[] scores, int at, float[] columns, int from, float row, int length) {
    int j = 0;
    for (; j <= length - LANES; j += LANES) {
      FloatVector.fromArray(SPECIES, scores, at + j)
          .add(FloatVector.fromArray(SPECIES, columns, from + j))
          .add(row)
          .intoArray(scores, at + j);
    }
    for (; j < length; j++) {
      scores[at + j] += columns[from + j] + row;
    }
  }

  @Override
  public Gradients backward(
      INDArray gradient,
      INDArray q,
      INDArray k,
      INDArray v,
      @Nullable Relative relative,
      double scale,
      Value value) {
    if (q.dataType() != DataType.FLOAT) {
      return scalar.backward(gradient, q, k, v, relative, scale, value);
    }
    var n = Sizes.of(q, k, v, relative);
    var dq = Arrays.empty(DataType.FLOAT, q.shape());
    var dk = Arrays.empty(DataType.FLOAT, k.shape());
    var dv = Arrays.empty(DataType.FLOAT, v.shape());
    var dr =
        relative == null
            ? null
            : new Relative(
                Arrays.empty(DataType.FLOAT, relative.rows().shape()),
                Arrays.empty(DataType.FLOAT, relative.columns().shape()));
    var inputs = new Tiles[] {Tiles.of(q), Tiles.of(k), Tiles.of(v), Tiles.of(gradient)};
    var known = new Tiles[] {Tiles.of(value.y()), Tiles.of(value.logSums())};
    var outputs = new Tiles[] {Tiles.of(dq), Tiles.of(dk), Tiles.of(dv)};
    var terms = relative == null ? new Tiles[0] : tiles(relative);
    var termGradients = dr == null ? new Tiles[0] : tiles(dr);
    Workers.run(
        n.problems,
        p -> problem(n, p, (float) scale, inputs, known, outputs, terms, termGradients));
    return new Gradients(dq, dk, dv, dr);
  }

  private static Tiles[] tiles(Relative relative) {
    return new Tiles[] {Tiles.of(relative.rows()), Tiles.of(relative.columns())};
  }

  private static void problem(
      Sizes n,
      int p,
      float scale,
      Tiles[] inputs,
      Tiles[] known,
      Tiles[] outputs,
      Tiles[] terms,
      Tiles[] termGradients) {
    long firstKey = (long) p * n.keys;
    var packedKeys = pack(inputs[1], p, n.keys, n.d, 0, 5);
    var packedValues = pack(inputs[2], p, n.keys, n.e, 1, 5);
    var keys = read(inputs[1], firstKey, n.keys, n.d, n.wideD(), 2);
    var keyGradients = zeros(3, n.keys * n.wideD());
    var valueGradients = zeros(4, n.keys * n.wideE());
    var scores = Scratch.floats(8, QUERIES * KEYS);
    var slopes = Scratch.floats(9, QUERIES * KEYS);
    var logSums = new float[QUERIES];
    var means = new float[QUERIES];
    for (int i = 0; i < n.queries; i += QUERIES) {
      int count = Math.min(QUERIES, n.queries - i);
      long row = (long) p * n.queries + i;
      var queries = read(inputs[0], row, count, n.d, n.wideD(), 10);
      multiply(queries, count * n.wideD(), scale);
      var g = read(inputs[3], row, count, n.e, n.wideE(), 11);
      var y = read(known[0], row, count, n.e, n.wideE(), 12);
      for (int r = 0; r < count; r++) {
        means[r] = dot(g, y, r * n.wideE(), n.e);
      }
      known[1].read(row, logSums, 0, count);
      var queryGradients = zeros(13, count * n.wideD());
      var rowTerms = Scratch.floats(6, QUERIES * n.h);
      var columnTerms = Scratch.floats(7, QUERIES * n.w);
      var rowGradients = zeros(14, QUERIES * n.h);
      var columnGradients = zeros(15, QUERIES * n.w);
      if (terms.length > 0) {
        terms[0].read(row * n.h, rowTerms, 0, count * n.h);
        terms[1].read(row * n.w, columnTerms, 0, count * n.w);
      }
      for (int block = 0; block < n.blocks(); block++) {
        int m = n.keysOf(block);
        scores(n, queries, count, packedKeys, block, scores);
        if (terms.length > 0) {
          addRelative(n, scores, count, block, rowTerms, columnTerms);
        }
        java.util.Arrays.fill(slopes, 0, count * KEYS, 0);
        VectorProduct.add(
            g,
            0,
            n.wideE(),
            1,
            packedValues,
            block * KEYS * n.e,
            KEYS,
            slopes,
            0,
            KEYS,
            count,
            m,
            n.e);
        for (int r = 0; r < count; r++) {
          VectorExp.exp(scores, r * KEYS, VectorProduct.padded(m), logSums[r]);
        }
        // dv += p^T g
        VectorProduct.add(
            scores,
            0,
            1,
            KEYS,
            g,
            0,
            n.wideE(),
            valueGradients,
            block * KEYS * n.wideE(),
            n.wideE(),
            m,
            n.e,
            count);
        for (int r = 0; r < count; r++) {
          slopes(slopes, scores, r * KEYS, m, means[r]);
        }
        VectorProduct.add(
            slopes,
            0,
            KEYS,
            1,
            keys,
            block * KEYS * n.wideD(),
            n.wideD(),
            queryGradients,
            0,
            n.wideD(),
            count,
            n.d,
            m);
        VectorProduct.add(
            slopes,
            0,
            1,
            KEYS,
            queries,
            0,
            n.wideD(),
            keyGradients,
            block * KEYS * n.wideD(),
            n.wideD(),
            m,
            n.d,
            count);
        if (terms.length > 0) {
          relativeBackward(n, slopes, count, block, rowGradients, columnGradients);
        }
      }
      multiply(queryGradients, count * n.wideD(), scale);
      write(outputs[0], row, count, n.d, n.wideD(), queryGradients);
      if (terms.length > 0) {
        termGradients[0].write(row * n.h, rowGradients, 0, count * n.h);
        termGradients[1].write(row * n.w, columnGradients, 0, count * n.w);
      }
    }
    write(outputs[1], firstKey, n.keys, n.d, n.wideD(), keyGradients);
    write(outputs[2], firstKey, n.keys, n.e, n.wideE(), valueGradients);
  }

  private static void relativeBackward(
      Sizes n, float[] slopes, int count, int block, float[] rows, float[] columns) {
    int m = n.keysOf(block);
    for (int r = 0; r < count; r++) {
      for (int j = 0; j < m; ) {
        int key = block * KEYS + j;
        int length = Math.min(n.w - key % n.w, m - j);
        rows[r * n.h + key / n.w] +=
            collect(slopes, r * KEYS + j, columns, r * n.w + key % n.w, length);
        j += length;
      }
    }
  }

  /** columns += slopes, and the sum of the slopes. */
  private static float collect(float[] slopes, int at, float[] columns, int to, int length) {
    var sum = FloatVector.zero(SPECIES);
    int j = 0;
    for (; j <= length - LANES; j += LANES) {
      var slope = FloatVector.fromArray(SPECIES, slopes, at + j);
      slope.add(FloatVector.fromArray(SPECIES, columns, to + j)).intoArray(columns, to + j);
      sum = sum.add(slope);
    }
    float total = VectorMath.sum(sum);
    for (; j < length; j++) {
      columns[to + j] += slopes[at + j];
      total += slopes[at + j];
    }
    return total;
  }

  /** slope = p (slope - mean). */
  private static void slopes(float[] slopes, float[] p, int at, int n, float mean) {
    for (int j = 0; j < n; j += LANES) {
      FloatVector.fromArray(SPECIES, slopes, at + j)
          .sub(mean)
          .mul(FloatVector.fromArray(SPECIES, p, at + j))
          .intoArray(slopes, at + j);
    }
  }

  private static float dot(float[] a, float[] b, int at, int n) {
    var sum = FloatVector.zero(SPECIES);
    int j = 0;
    for (; j <= n - LANES; j += LANES) {
      sum =
          FloatVector.fromArray(SPECIES, a, at + j)
              .fma(FloatVector.fromArray(SPECIES, b, at + j), sum);
    }
    float total = VectorMath.sum(sum);
    for (; j < n; j++) {
      total += a[at + j] * b[at + j];
    }
    return total;
  }

  private static void multiply(float[] x, int n, float factor) {
    multiply(x, 0, n, factor);
  }

  /** x *= factor, in whole vectors. */
  private static void multiply(float[] x, int at, int n, float factor) {
    for (int j = 0; j < n; j += LANES) {
      FloatVector.fromArray(SPECIES, x, at + j).mul(factor).intoArray(x, at + j);
    }
  }

  private static float[] zeros(int slot, int length) {
    var tile = Scratch.floats(slot, length);
    java.util.Arrays.fill(tile, 0, length, 0);
    return tile;
  }

  /** Rows of {@code width} elements, padded to {@code wide} with whatever is there. */
  private static float[] read(Tiles from, long row, int rows, int width, int wide, int slot) {
    var tile = Scratch.floats(slot, rows * wide);
    if (width == wide) {
      from.read(row * width, tile, 0, rows * width);
    } else {
      for (int r = 0; r < rows; r++) {
        from.read((row + r) * width, tile, r * wide, width);
      }
    }
    return tile;
  }

  private static void write(Tiles to, long row, int rows, int width, int wide, float[] tile) {
    if (width == wide) {
      to.write(row * width, tile, 0, rows * width);
      return;
    }
    for (int r = 0; r < rows; r++) {
      to.write((row + r) * width, tile, r * wide, width);
    }
  }

  /** Blocks of keys, each transposed: (blocks, width, KEYS). */
  private static float[] pack(Tiles from, int p, int keys, int width, int slot, int rowSlot) {
    int blocks = (keys + KEYS - 1) / KEYS;
    var packed = Scratch.floats(slot, blocks * width * KEYS);
    var rows = Scratch.floats(rowSlot, KEYS * width);
    for (int block = 0; block < blocks; block++) {
      int count = Math.min(KEYS, keys - block * KEYS);
      from.read(((long) p * keys + (long) block * KEYS) * width, rows, 0, count * width);
      int at = block * KEYS * width;
      for (int c = 0; c < width; c++) {
        for (int r = 0; r < count; r++) {
          packed[at + c * KEYS + r] = rows[r * width + c];
        }
        // what exceeds the keys must be finite
        java.util.Arrays.fill(packed, at + c * KEYS + count, at + (c + 1) * KEYS, 0);
      }
    }
    return packed;
  }
}
