// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.ops.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The specification of attention: row by row in double, for float and double arrays. */
final class ScalarAttention implements AttentionKernel {
  /** One problem: its sizes and inputs. */
  private static final class Problem {
    final int queries;
    final int keys;
    final int d;
    final int e;
    final int h;
    final int w;
    final double scale;
    final double[][] in;

    Problem(int p, INDArray q, INDArray k, INDArray v, @Nullable Relative relative, double scale) {
      queries = Math.toIntExact(q.size(1));
      keys = Math.toIntExact(k.size(1));
      d = Math.toIntExact(q.size(2));
      e = Math.toIntExact(v.size(2));
      h = relative == null ? 0 : Math.toIntExact(relative.rows().size(2));
      w = relative == null ? 0 : Math.toIntExact(relative.columns().size(2));
      this.scale = scale;
      in =
          relative == null
              ? new double[][] {slice(q, p), slice(k, p), slice(v, p)}
              : new double[][] {
                slice(q, p),
                slice(k, p),
                slice(v, p),
                slice(relative.rows(), p),
                slice(relative.columns(), p)
              };
    }

    double[] q() {
      return in[0];
    }

    double[] k() {
      return in[1];
    }

    double[] v() {
      return in[2];
    }

    /** The scores of query i against all keys. */
    void scores(int i, double[] s) {
      for (int j = 0; j < keys; j++) {
        double dot = 0;
        for (int c = 0; c < d; c++) {
          dot += q()[i * d + c] * k()[j * d + c];
        }
        s[j] = scale * dot;
        if (h > 0) {
          s[j] += in[3][i * h + j / w] + in[4][i * w + j % w];
        }
      }
    }
  }

  @Override
  public Value forward(
      INDArray q, INDArray k, INDArray v, @Nullable Relative relative, double scale) {
    int problems = Math.toIntExact(q.size(0));
    var y = Arrays.empty(q.dataType(), q.size(0), q.size(1), v.size(2));
    var logSums = Arrays.empty(q.dataType(), q.size(0), q.size(1));
    var values = Tiles.of(y);
    var sums = Tiles.of(logSums);
    Workers.run(
        problems,
        p -> {
          var x = new Problem(p, q, k, v, relative, scale);
          var s = new double[x.keys];
          var row = new double[x.e];
          for (int i = 0; i < x.queries; i++) {
            x.scores(i, s);
            double max = Double.NEGATIVE_INFINITY;
            for (double score : s) {
              max = Math.max(max, score);
            }
            double sum = 0;
            for (double score : s) {
              sum += Math.exp(score - max);
            }
            double logSum = max + Math.log(sum);
            java.util.Arrays.fill(row, 0);
            for (int j = 0; j < x.keys; j++) {
              double probability = Math.exp(s[j] - logSum);
              for (int c = 0; c < x.e; c++) {
                row[c] += probability * x.v()[j * x.e + c];
              }
            }
            values.write(((long) p * x.queries + i) * x.e, row, 0, x.e);
            sums.write((long) p * x.queries + i, new double[] {logSum}, 0, 1);
          }
        });
    return new Value(y, logSums);
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
    var dq = Arrays.empty(q.dataType(), q.shape());
    var dk = Arrays.empty(k.dataType(), k.shape());
    var dv = Arrays.empty(v.dataType(), v.shape());
    var dr =
        relative == null
            ? null
            : new Relative(
                Arrays.empty(q.dataType(), relative.rows().shape()),
                Arrays.empty(q.dataType(), relative.columns().shape()));
    var logSums = Scalars.all(value.logSums());
    Workers.run(
        Math.toIntExact(q.size(0)),
        p -> {
          var x = new Problem(p, q, k, v, relative, scale);
          var g = slice(gradient, p);
          var out = new double[x.in.length][];
          for (int n = 0; n < out.length; n++) {
            out[n] = new double[x.in[n].length];
          }
          var s = new double[x.keys];
          for (int i = 0; i < x.queries; i++) {
            x.scores(i, s);
            backwardRow(x, i, g, s, logSums[p * x.queries + i], out);
          }
          write(dq, p, out[0]);
          write(dk, p, out[1]);
          write(dv, p, out[2]);
          if (dr != null) {
            write(dr.rows(), p, out[3]);
            write(dr.columns(), p, out[4]);
          }
        });
    return new Gradients(dq, dk, dv, dr);
  }

  private static void backwardRow(
      Problem x, int i, double[] g, double[] s, double logSum, double[][] out) {
    var slopes = new double[x.keys]; // of the probabilities
    double mean = 0;
    for (int j = 0; j < x.keys; j++) {
      s[j] = Math.exp(s[j] - logSum);
      for (int c = 0; c < x.e; c++) {
        out[2][j * x.e + c] += s[j] * g[i * x.e + c];
        slopes[j] += g[i * x.e + c] * x.v()[j * x.e + c];
      }
      mean += s[j] * slopes[j];
    }
    for (int j = 0; j < x.keys; j++) {
      double slope = s[j] * (slopes[j] - mean);
      for (int c = 0; c < x.d; c++) {
        out[0][i * x.d + c] += x.scale * slope * x.k()[j * x.d + c];
        out[1][j * x.d + c] += x.scale * slope * x.q()[i * x.d + c];
      }
      if (x.h > 0) {
        out[3][i * x.h + j / x.w] += slope;
        out[4][i * x.w + j % x.w] += slope;
      }
    }
  }

  private static double[] slice(INDArray x, int p) {
    var out = new double[Math.toIntExact(x.size(1) * x.size(2))];
    Tiles.of(x).read((long) p * out.length, out, 0, out.length);
    return out;
  }

  private static void write(INDArray x, int p, double[] values) {
    Tiles.of(x).write((long) p * values.length, values, 0, values.length);
  }
}
