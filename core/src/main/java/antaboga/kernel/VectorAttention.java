// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static jdk.incubator.vector.VectorOperators.GT;

import antaboga.ops.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Attention of floats: panels of queries against blocks of keys, whose scores stay in the caches. A
 * block of scores s, with m the largest so far, changes what is known of a query to
 *
 * <pre>
 * m' = max(m, max_j s_j)    c = e^(m - m')
 * l' = c l + sum_j e^(s_j - m')    y' = c y + sum_j e^(s_j - m') v_j
 * </pre>
 *
 * <p>and in the end the value is y / l. Source: Milakov and Gimelshein 2018, arXiv 1805.02867; Dao
 * et al. 2022, arXiv 2205.14135, algorithm 1. Forward shares out stretches of queries, {@link
 * VectorAttentionGradient} problems. Doubles take the scalar body.
 */
final class VectorAttention implements AttentionKernel {
  private static final VectorSpecies<Float> SPECIES = VectorLanes.FLOAT;
  private static final int LANES = SPECIES.length();
  private static final int PANEL = VectorProduct.PANEL;
  private static final int KEYS = VectorAttentionScores.KEYS;

  /** Queries that a block of keys meets while it is in the second cache. */
  private static final int QUERIES = 4 * PANEL;

  /** Queries of a task, which packs its keys and values once. */
  private static final int TASK = 1024;

  private final ScalarAttention scalar = new ScalarAttention();

  @Override
  public Value forward(
      INDArray q, INDArray k, INDArray v, @Nullable Relative relative, double scale) {
    if (q.dataType() != DataType.FLOAT) {
      return scalar.forward(q, k, v, relative, scale);
    }
    var n = VectorAttentionScores.of(q, k, v, relative);
    var y = Arrays.empty(DataType.FLOAT, n.problems(), n.queries(), n.e());
    var logSums = Arrays.empty(DataType.FLOAT, n.problems(), n.queries());
    var queries = Tiles.of(q);
    var keys = Tiles.of(k);
    var values = Tiles.of(v);
    var rows = Tiles.of(relative == null ? q : relative.rows());
    var columns = Tiles.of(relative == null ? q : relative.columns());
    var target = Tiles.of(y);
    var sums = Tiles.of(logSums);
    int parts = (n.queries() + TASK - 1) / TASK;
    Workers.run(
        n.problems() * parts,
        task -> {
          int p = task / parts;
          int end = Math.min(n.queries(), (task % parts + 1) * TASK);
          var packedKeys =
              VectorAttentionScores.panels(keys, (long) p * n.keys(), n.keys(), n.d(), 0);
          var packedValues = packedValues(n, values, p);
          for (int i = task % parts * TASK; i < end; i += QUERIES) {
            int count = Math.min(QUERIES, end - i);
            long row = (long) p * n.queries() + i;
            var packedQueries = VectorAttentionScores.panels(queries, row, count, n.d(), 2);
            multiply(packedQueries, 0, VectorProduct.panelled(count) * n.d(), (float) scale);
            var rowTerms = VectorAttentionScores.panels(rows, row, count, n.h(), 3);
            var columnTerms = VectorAttentionScores.panels(columns, row, count, n.w(), 4);
            var panels = new Panels(n, count);
            for (int block = 0; block < n.blocks(); block++) {
              for (int panel = 0; panel * PANEL < count; panel++) {
                n.score(
                    block,
                    packedKeys,
                    packedQueries,
                    rowTerms,
                    columnTerms,
                    panel,
                    panels.scores,
                    0,
                    PANEL);
                panels.add(panel, block, packedValues);
              }
            }
            panels.write(target, sums, row);
          }
        });
    return new Value(y, logSums);
  }

  /** Blocks of values, each in panels of columns: (blocks, panels, KEYS, PANEL). */
  private static float[] packedValues(VectorAttentionScores n, Tiles from, int p) {
    int wide = VectorProduct.panelled(n.e());
    var packed = Scratch.floats(1, n.blocks() * KEYS * wide);
    var rows = Scratch.floats(5, KEYS * n.e());
    for (int block = 0; block < n.blocks(); block++) {
      int count = n.keysOf(block);
      from.read(((long) p * n.keys() + (long) block * KEYS) * n.e(), rows, 0, count * n.e());
      for (int c = 0; c < n.e(); c += PANEL) {
        int to = block * KEYS * wide + c * KEYS;
        int length = Math.min(PANEL, n.e() - c);
        for (int r = 0; r < count; r++) {
          System.arraycopy(rows, r * n.e() + c, packed, to + r * PANEL, length);
        }
      }
    }
    return packed;
  }

  /** Some panels of queries: what they have of the values, and of which scores. */
  private static final class Panels {
    final VectorAttentionScores n;
    final int count;
    final float[] scores; // (KEYS, PANEL)
    final float[] out; // (panels of queries, panels of columns, PANEL, PANEL)
    final float[] max = new float[QUERIES];
    final float[] shrink = new float[PANEL];
    final float[] parts = new float[PANEL];
    final double[] sum = new double[QUERIES];

    Panels(VectorAttentionScores n, int count) {
      this.n = n;
      this.count = count;
      scores = Scratch.floats(6, KEYS * PANEL);
      out = Scratch.floats(7, QUERIES * VectorProduct.panelled(n.e()));
      java.util.Arrays.fill(out, 0, QUERIES * VectorProduct.panelled(n.e()), 0);
      java.util.Arrays.fill(max, Float.NEGATIVE_INFINITY);
    }

    int columns() {
      return VectorProduct.panelled(n.e()) / PANEL;
    }

    /** Takes in the scores of a block. */
    void add(int panel, int block, float[] values) {
      int m = n.keysOf(block);
      int at = panel * PANEL;
      System.arraycopy(max, at, shrink, 0, PANEL);
      raise(max, at, scores, m);
      boolean same = true;
      for (int r = 0; r < PANEL; r++) {
        float most = max[at + r];
        shrink[r] = most == shrink[r] ? 1 : (float) Math.exp(shrink[r] - most);
        same &= shrink[r] == 1;
        sum[at + r] *= shrink[r];
      }
      for (int v = 0; v < PANEL; v += LANES) {
        VectorExp.exp(scores, v, m, PANEL, max, at + v, parts, v);
      }
      for (int r = 0; r < PANEL; r++) {
        sum[at + r] += parts[r];
      }
      int first = panel * columns() * PANEL * PANEL;
      for (int c = 0; c < columns(); c++) {
        int to = first + c * PANEL * PANEL;
        for (int r = 0; r < PANEL && !same && block > 0; r++) {
          multiply(out, to + r * PANEL, PANEL, shrink[r]);
        }
        int from = (block * columns() + c) * KEYS * PANEL;
        VectorProduct.addPanels(scores, 0, values, from, out, to, PANEL, PANEL, m);
      }
    }

    void write(Tiles target, Tiles sums, long row) {
      var y = Scratch.floats(5, count * n.e());
      for (int i = 0; i < count; i++) {
        float share = (float) (1 / sum[i]);
        for (int c = 0; c < columns(); c++) {
          int from = ((i / PANEL * columns() + c) * PANEL + i % PANEL) * PANEL;
          multiply(out, from, PANEL, share);
          int to = c * PANEL;
          System.arraycopy(out, from, y, i * n.e() + to, Math.min(PANEL, n.e() - to));
        }
        max[i] += (float) Math.log(sum[i]);
      }
      target.write(row * n.e(), y, 0, count * n.e());
      sums.write(row, max, 0, count);
    }
  }

  /** The largest scores by lanes; NaN is passed over, as it comes back in the exponentials. */
  private static void raise(float[] max, int at, float[] scores, int m) {
    var even0 = FloatVector.fromArray(SPECIES, max, at);
    var even1 = FloatVector.fromArray(SPECIES, max, at + LANES);
    var odd0 = even0;
    var odd1 = even1;
    int j = 0;
    for (; j < m - 1; j += 2) {
      var v = FloatVector.fromArray(SPECIES, scores, j * PANEL);
      even0 = even0.blend(v, v.compare(GT, even0));
      v = FloatVector.fromArray(SPECIES, scores, j * PANEL + LANES);
      even1 = even1.blend(v, v.compare(GT, even1));
      v = FloatVector.fromArray(SPECIES, scores, j * PANEL + PANEL);
      odd0 = odd0.blend(v, v.compare(GT, odd0));
      v = FloatVector.fromArray(SPECIES, scores, j * PANEL + PANEL + LANES);
      odd1 = odd1.blend(v, v.compare(GT, odd1));
    }
    if (j < m) {
      var v = FloatVector.fromArray(SPECIES, scores, j * PANEL);
      even0 = even0.blend(v, v.compare(GT, even0));
      v = FloatVector.fromArray(SPECIES, scores, j * PANEL + LANES);
      even1 = even1.blend(v, v.compare(GT, even1));
    }
    even0.blend(odd0, odd0.compare(GT, even0)).intoArray(max, at);
    even1.blend(odd1, odd1.compare(GT, even1)).intoArray(max, at + LANES);
  }

  /** x *= factor, in whole vectors. */
  static void multiply(float[] x, int at, int n, float factor) {
    for (int j = 0; j < n; j += LANES) {
      FloatVector.fromArray(SPECIES, x, at + j).mul(factor).intoArray(x, at + j);
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
    return q.dataType() == DataType.FLOAT
        ? VectorAttentionGradient.of(gradient, q, k, v, relative, (float) scale, value)
        : scalar.backward(gradient, q, k, v, relative, scale, value);
  }
}
