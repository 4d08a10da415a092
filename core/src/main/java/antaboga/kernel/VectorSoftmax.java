// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.MAX;

import antaboga.ops.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Softmax of floats: lanes along the axis where it is the last one, else along the positions after
 * it. Doubles take the scalar body.
 */
final class VectorSoftmax implements SoftmaxKernel {
  private static final VectorSpecies<Float> SPECIES = VectorLanes.FLOAT;

  /** Elements of a tile. */
  private static final int TILE = 8192;

  /** Longest stretch whose powers are summed in float; such sums are added in double. */
  private static final int STRETCH = 256;

  private final ScalarSoftmax scalar = new ScalarSoftmax();

  @Override
  public INDArray forward(INDArray x, int outer, int n, int inner, Form form) {
    if (x.dataType() != DataType.FLOAT) {
      return scalar.forward(x, outer, n, inner, form);
    }
    var y = Arrays.empty(x.dataType(), x.shape());
    var source = Tiles.of(x);
    var target = Tiles.of(y);
    if (inner == 1) {
      int block = Math.max(1, TILE / n);
      Split.of(outer, n)
          .run(
              (task, from, to) -> {
                var tile = new float[block * n];
                var scratch = new float[n + SPECIES.length()];
                for (int r = from; r < to; r += block) {
                  int rows = Math.min(block, to - r);
                  source.read((long) r * n, tile, 0, rows * n);
                  for (int i = 0; i < rows; i++) {
                    row(tile, i * n, n, scratch, form);
                  }
                  target.write((long) r * n, tile, 0, rows * n);
                }
              });
      return y;
    }
    int width = positions(n, inner);
    int blocks = (inner + width - 1) / width;
    Split.of(outer * blocks, (long) n * width)
        .run(
            (task, from, to) -> {
              var tile = new float[n * width];
              var powers = new float[width];
              var max = new float[width];
              var part = new float[width];
              var sum = new float[width];
              for (int b = from; b < to; b++) {
                int at = b % blocks * width;
                int count = Math.min(width, inner - at);
                long start = (long) (b / blocks) * n * inner + at;
                for (int i = 0; i < n; i++) {
                  source.read(start + (long) i * inner, tile, i * width, count);
                }
                columns(tile, n, width, powers, max, part, sum, form);
                for (int i = 0; i < n; i++) {
                  target.write(start + (long) i * inner, tile, i * width, count);
                }
              }
            });
    return y;
  }

  @Override
  public INDArray backward(INDArray gradient, INDArray y, int outer, int n, int inner, Form form) {
    if (y.dataType() != DataType.FLOAT) {
      return scalar.backward(gradient, y, outer, n, inner, form);
    }
    var dx = Arrays.empty(y.dataType(), y.shape());
    var values = Tiles.of(y);
    var gradients = Tiles.of(gradient);
    var target = Tiles.of(dx);
    if (inner == 1) {
      int block = Math.max(1, TILE / n);
      Split.of(outer, n)
          .run(
              (task, from, to) -> {
                var tile = new float[block * n];
                var g = new float[tile.length];
                var powers = new float[VectorProduct.padded(n)];
                for (int r = from; r < to; r += block) {
                  int rows = Math.min(block, to - r);
                  values.read((long) r * n, tile, 0, rows * n);
                  gradients.read((long) r * n, g, 0, rows * n);
                  for (int i = 0; i < rows; i++) {
                    rowBackward(g, tile, i * n, n, powers, form);
                  }
                  target.write((long) r * n, g, 0, rows * n);
                }
              });
      return dx;
    }
    int width = positions(n, inner);
    int blocks = (inner + width - 1) / width;
    Split.of(outer * blocks, (long) n * width)
        .run(
            (task, from, to) -> {
              var tile = new float[n * width];
              var g = new float[n * width];
              var sum = new float[width];
              for (int b = from; b < to; b++) {
                int at = b % blocks * width;
                int count = Math.min(width, inner - at);
                long start = (long) (b / blocks) * n * inner + at;
                for (int i = 0; i < n; i++) {
                  values.read(start + (long) i * inner, tile, i * width, count);
                  gradients.read(start + (long) i * inner, g, i * width, count);
                }
                columnsBackward(g, tile, n, width, sum, form);
                for (int i = 0; i < n; i++) {
                  target.write(start + (long) i * inner, g, i * width, count);
                }
              }
            });
    return dx;
  }

  /** Whole vectors of positions, so that columns have no tails. */
  private static int positions(int n, int inner) {
    int lanes = SPECIES.length();
    int wanted = Math.min(inner, Math.max(4 * lanes, TILE / n));
    return (wanted + lanes - 1) / lanes * lanes;
  }

  private static void row(float[] x, int at, int n, float[] scratch, Form form) {
    float max = max(x, at, n);
    int wide = VectorProduct.padded(n);
    System.arraycopy(x, at, scratch, 0, n);
    java.util.Arrays.fill(scratch, n, wide, Float.NEGATIVE_INFINITY);
    double sum = 0;
    for (int i = 0; i < wide; i += STRETCH) {
      sum += VectorExp.exp(scratch, i, Math.min(STRETCH, wide - i), max);
    }
    if (form == Form.VALUE) {
      scale(scratch, n, (float) (1 / sum), x, at);
    } else {
      subtract(x, at, n, max, (float) Math.log(sum));
    }
  }

  private static void rowBackward(float[] g, float[] y, int at, int n, float[] powers, Form form) {
    if (form == Form.VALUE) {
      valueBackward(g, y, at, n, dot(g, y, at, n));
    } else {
      System.arraycopy(y, at, powers, 0, n);
      VectorExp.exp(powers, 0, powers.length, 0);
      logBackward(g, powers, at, n, sum(g, at, n));
    }
  }

  /** The largest of some elements; NaN is passed over, as it comes back in the exponentials. */
  static float max(float[] x, int at, int n) {
    int lanes = SPECIES.length();
    // compare and blend take half the time of max with its care for NaN, and two chains overlap
    var even = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    var odd = even;
    int i = 0;
    for (; i <= n - 2 * lanes; i += 2 * lanes) {
      var v = FloatVector.fromArray(SPECIES, x, at + i);
      even = even.blend(v, v.compare(GT, even));
      var w = FloatVector.fromArray(SPECIES, x, at + i + lanes);
      odd = odd.blend(w, w.compare(GT, odd));
    }
    float max = even.max(odd).reduceLanes(MAX);
    for (; i < n; i++) {
      max = x[at + i] > max ? x[at + i] : max;
    }
    return max;
  }

  private static void scale(float[] from, int n, float factor, float[] to, int at) {
    int lanes = SPECIES.length();
    int i = 0;
    for (; i <= n - lanes; i += lanes) {
      FloatVector.fromArray(SPECIES, from, i).mul(factor).intoArray(to, at + i);
    }
    for (; i < n; i++) {
      to[at + i] = from[i] * factor;
    }
  }

  private static void subtract(float[] x, int at, int n, float max, float log) {
    int lanes = SPECIES.length();
    int i = 0;
    for (; i <= n - lanes; i += lanes) {
      FloatVector.fromArray(SPECIES, x, at + i).sub(max).sub(log).intoArray(x, at + i);
    }
    for (; i < n; i++) {
      x[at + i] = x[at + i] - max - log;
    }
  }

  static float dot(float[] g, float[] y, int at, int n) {
    int lanes = SPECIES.length();
    var total = FloatVector.zero(SPECIES);
    int i = 0;
    for (; i <= n - lanes; i += lanes) {
      total =
          FloatVector.fromArray(SPECIES, g, at + i)
              .fma(FloatVector.fromArray(SPECIES, y, at + i), total);
    }
    float sum = VectorMath.sum(total);
    for (; i < n; i++) {
      sum += g[at + i] * y[at + i];
    }
    return sum;
  }

  private static float sum(float[] g, int at, int n) {
    int lanes = SPECIES.length();
    var total = FloatVector.zero(SPECIES);
    int i = 0;
    for (; i <= n - lanes; i += lanes) {
      total = total.add(FloatVector.fromArray(SPECIES, g, at + i));
    }
    float sum = VectorMath.sum(total);
    for (; i < n; i++) {
      sum += g[at + i];
    }
    return sum;
  }

  private static void valueBackward(float[] g, float[] y, int at, int n, float sum) {
    int lanes = SPECIES.length();
    int i = 0;
    for (; i <= n - lanes; i += lanes) {
      FloatVector.fromArray(SPECIES, g, at + i)
          .sub(sum)
          .mul(FloatVector.fromArray(SPECIES, y, at + i))
          .intoArray(g, at + i);
    }
    for (; i < n; i++) {
      g[at + i] = (g[at + i] - sum) * y[at + i];
    }
  }

  private static void logBackward(float[] g, float[] powers, int at, int n, float sum) {
    int lanes = SPECIES.length();
    int i = 0;
    for (; i <= n - lanes; i += lanes) {
      FloatVector.fromArray(SPECIES, g, at + i)
          .sub(FloatVector.fromArray(SPECIES, powers, i).mul(sum))
          .intoArray(g, at + i);
    }
    for (; i < n; i++) {
      g[at + i] -= powers[i] * sum;
    }
  }

  private static void columns(
      float[] x,
      int n,
      int width,
      float[] powers,
      float[] max,
      float[] part,
      float[] sum,
      Form form) {
    java.util.Arrays.fill(max, Float.NEGATIVE_INFINITY);
    java.util.Arrays.fill(sum, 0);
    for (int i = 0; i < n; i++) {
      mostOf(max, x, i * width);
    }
    for (int i = 0; i < n; i++) {
      subtract(x, i * width, max);
      if (form == Form.VALUE) {
        VectorExp.exp(x, i * width, width, 0);
        add(part, x, i * width);
      } else {
        System.arraycopy(x, i * width, powers, 0, width);
        VectorExp.exp(powers, 0, width, 0);
        add(part, powers, 0);
      }
      if (i % STRETCH == STRETCH - 1 || i == n - 1) {
        add(sum, part, 0);
        java.util.Arrays.fill(part, 0);
      }
    }
    for (int j = 0; j < width; j++) {
      sum[j] = form == Form.VALUE ? 1 / sum[j] : (float) Math.log(sum[j]);
    }
    for (int i = 0; i < n; i++) {
      if (form == Form.VALUE) {
        multiply(x, i * width, sum);
      } else {
        subtract(x, i * width, sum);
      }
    }
  }

  private static void columnsBackward(
      float[] g, float[] y, int n, int width, float[] sum, Form form) {
    java.util.Arrays.fill(sum, 0);
    for (int i = 0; i < n; i++) {
      if (form == Form.VALUE) {
        addProduct(sum, g, y, i * width);
      } else {
        add(sum, g, i * width);
      }
    }
    for (int i = 0; i < n; i++) {
      if (form == Form.VALUE) {
        valueBackward(g, y, i * width, sum);
      } else {
        VectorExp.exp(y, i * width, width, 0);
        subtractProduct(g, y, i * width, sum);
      }
    }
  }

  private static void mostOf(float[] max, float[] x, int at) {
    for (int j = 0; j < max.length; j += SPECIES.length()) {
      FloatVector.fromArray(SPECIES, max, j)
          .max(FloatVector.fromArray(SPECIES, x, at + j))
          .intoArray(max, j);
    }
  }

  private static void multiply(float[] x, int at, float[] factor) {
    for (int j = 0; j < factor.length; j += SPECIES.length()) {
      FloatVector.fromArray(SPECIES, x, at + j)
          .mul(FloatVector.fromArray(SPECIES, factor, j))
          .intoArray(x, at + j);
    }
  }

  private static void subtract(float[] x, int at, float[] less) {
    for (int j = 0; j < less.length; j += SPECIES.length()) {
      FloatVector.fromArray(SPECIES, x, at + j)
          .sub(FloatVector.fromArray(SPECIES, less, j))
          .intoArray(x, at + j);
    }
  }

  private static void add(float[] sum, float[] g, int at) {
    for (int j = 0; j < sum.length; j += SPECIES.length()) {
      FloatVector.fromArray(SPECIES, g, at + j)
          .add(FloatVector.fromArray(SPECIES, sum, j))
          .intoArray(sum, j);
    }
  }

  private static void addProduct(float[] sum, float[] g, float[] y, int at) {
    for (int j = 0; j < sum.length; j += SPECIES.length()) {
      FloatVector.fromArray(SPECIES, g, at + j)
          .fma(FloatVector.fromArray(SPECIES, y, at + j), FloatVector.fromArray(SPECIES, sum, j))
          .intoArray(sum, j);
    }
  }

  /** g = (g - sum) y. */
  private static void valueBackward(float[] g, float[] y, int at, float[] sum) {
    for (int j = 0; j < sum.length; j += SPECIES.length()) {
      FloatVector.fromArray(SPECIES, g, at + j)
          .sub(FloatVector.fromArray(SPECIES, sum, j))
          .mul(FloatVector.fromArray(SPECIES, y, at + j))
          .intoArray(g, at + j);
    }
  }

  /** g -= y sum. */
  private static void subtractProduct(float[] g, float[] y, int at, float[] sum) {
    for (int j = 0; j < sum.length; j += SPECIES.length()) {
      FloatVector.fromArray(SPECIES, g, at + j)
          .sub(
              FloatVector.fromArray(SPECIES, y, at + j).mul(FloatVector.fromArray(SPECIES, sum, j)))
          .intoArray(g, at + j);
    }
  }
}
