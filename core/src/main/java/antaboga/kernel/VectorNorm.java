// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.ops.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Normalisation of floats with lanes along the row. Rows pass through tiles that stay in the
 * first-level cache, so that large arrays are read and written once. Doubles take the scalar body.
 */
final class VectorNorm implements NormKernel {
  private static final VectorSpecies<Float> SPECIES = VectorLanes.FLOAT;

  /** Elements of a tile, of which backward needs two in 64 KB. */
  static final int TILE = 8192;

  /** Longest stretch that is summed in float; longer rows add such sums in double. */
  private static final int STRETCH = 4096;

  private final ScalarNorm scalar = new ScalarNorm();

  @Override
  public Normalized forward(
      INDArray x, INDArray weight, INDArray bias, Layout layout, Rule rule, double eps) {
    if (x.dataType() != DataType.FLOAT) {
      return scalar.forward(x, weight, bias, layout, rule, eps);
    }
    if (VectorRowNorm.takes(layout, rule, weight)) {
      return VectorRowNorm.forward(x, weight, bias, layout, rule, eps);
    }
    var mean = Arrays.empty(x.dataType(), layout.rows());
    var scale = Arrays.empty(x.dataType(), layout.rows());
    var means = new float[layout.rows()];
    var scales = new float[layout.rows()];
    var y = normalize(x, weight, bias, layout, rule, eps, means, scales);
    Tiles.of(mean).write(0, means, 0, means.length);
    Tiles.of(scale).write(0, scales, 0, scales.length);
    return new Normalized(y, mean, scale);
  }

  @Override
  public INDArray forward(
      INDArray x, INDArray weight, INDArray bias, Layout layout, INDArray mean, INDArray scale) {
    if (x.dataType() != DataType.FLOAT) {
      return scalar.forward(x, weight, bias, layout, mean, scale);
    }
    var means = Scalars.floats(mean);
    return normalize(x, weight, bias, layout, Rule.GIVEN, 0, means, Scalars.floats(scale));
  }

  private static INDArray normalize(
      INDArray x,
      INDArray weight,
      INDArray bias,
      Layout layout,
      Rule rule,
      double eps,
      float[] means,
      float[] scales) {
    var y = Arrays.empty(x.dataType(), x.shape());
    int width = layout.width();
    int span = layout.span(weight);
    var w = Scalars.floats(weight);
    var b = Scalars.floats(bias);
    var source = Tiles.of(x);
    var target = Tiles.of(y);
    int block = block(layout);
    Split.of(layout.rows(), width)
        .run(
            (task, from, to) -> {
              var tile = new float[Math.min(block, to - from) * width];
              for (int r0 = from; r0 < to; r0 += block) {
                int rows = Math.min(block, to - r0);
                gather(source, layout, r0, rows, tile);
                for (int i = 0; i < rows; i++) {
                  int r = r0 + i;
                  int at = i * width;
                  float origin = rule == Rule.CENTRED ? tile[at] : 0;
                  if (rule == Rule.CENTRED) {
                    means[r] = mean(tile, at, width, origin);
                  }
                  if (rule != Rule.GIVEN) {
                    scales[r] = scale(tile, at, width, origin, means[r], eps);
                  }
                  int first = (r % layout.groups()) * (w.length / layout.groups());
                  if (span == 1) {
                    affine(tile, at, width, origin, means[r], scales[r], w, b, first);
                  } else {
                    for (int c = first, j = 0; j < width; c++, j += span) {
                      affine(tile, at + j, span, origin, means[r], scales[r] * w[c], b[c]);
                    }
                  }
                }
                scatter(target, layout, r0, rows, tile);
              }
            });
    return y;
  }

  @Override
  public Gradients backward(
      INDArray gradient,
      INDArray x,
      INDArray weight,
      Layout layout,
      Rule rule,
      INDArray mean,
      INDArray scale) {
    if (x.dataType() != DataType.FLOAT) {
      return scalar.backward(gradient, x, weight, layout, rule, mean, scale);
    }
    if (VectorRowNorm.takes(layout, rule, weight)) {
      return VectorRowNorm.backward(gradient, x, weight, layout, rule, mean, scale);
    }
    var dx = Arrays.empty(x.dataType(), x.shape());
    int width = layout.width();
    int span = layout.span(weight);
    var w = Scalars.floats(weight);
    var means = Scalars.floats(mean);
    var scales = Scalars.floats(scale);
    var source = Tiles.of(x);
    var gradients = Tiles.of(gradient);
    var target = Tiles.of(dx);
    int block = block(layout);
    var split = Split.of(layout.rows(), width);
    var partial = new float[split.tasks()][2 * w.length];
    split.run(
        (task, from, to) -> {
          var tile = new float[Math.min(block, to - from) * width];
          var g = new float[tile.length];
          var sums = new float[2];
          for (int r0 = from; r0 < to; r0 += block) {
            int rows = Math.min(block, to - r0);
            gather(source, layout, r0, rows, tile);
            gather(gradients, layout, r0, rows, g);
            for (int i = 0; i < rows; i++) {
              int r = r0 + i;
              int at = i * width;
              float origin = rule == Rule.CENTRED ? tile[at] : 0;
              affine(tile, at, width, origin, means[r], scales[r], 0);
              int first = (r % layout.groups()) * (w.length / layout.groups());
              double sum = 0; // of g w
              double product = 0; // of g w xhat
              if (span == 1) {
                for (int j = 0; j < width; j += STRETCH) {
                  int n = Math.min(STRETCH, width - j);
                  weigh(g, tile, at + j, n, w, partial[task], first + j, sums);
                  sum += sums[0];
                  product += sums[1];
                }
              } else {
                for (int c = first, j = 0; j < width; c++, j += span) {
                  double s = 0;
                  double p = 0;
                  for (int k = 0; k < span; k += STRETCH) {
                    weigh(g, tile, at + j + k, Math.min(STRETCH, span - k), w[c], sums);
                    s += sums[0];
                    p += sums[1];
                  }
                  partial[task][c] += (float) p;
                  partial[task][w.length + c] += (float) s;
                  sum += s * w[c];
                  product += p * w[c];
                }
              }
              float a = rule == Rule.CENTRED ? (float) (sum / width) : 0;
              float b = rule == Rule.GIVEN ? 0 : (float) (product / width);
              project(tile, g, at, width, a, b, scales[r]);
            }
            scatter(target, layout, r0, rows, tile);
          }
        });
    return new Gradients(
        dx, Scalars.sum(partial, 0, weight), Scalars.sum(partial, w.length, weight));
  }

  private static int block(Layout layout) {
    return layout.pieces() > 1 ? 1 : Math.max(1, TILE / layout.width());
  }

  private static void gather(Tiles from, Layout layout, int row, int rows, float[] tile) {
    if (layout.pieces() == 1) {
      from.read(layout.position(row, 0), tile, 0, rows * layout.run());
      return;
    }
    for (int p = 0; p < layout.pieces(); p++) {
      from.read(layout.position(row, p), tile, p * layout.run(), layout.run());
    }
  }

  private static void scatter(Tiles to, Layout layout, int row, int rows, float[] tile) {
    if (layout.pieces() == 1) {
      to.write(layout.position(row, 0), tile, 0, rows * layout.run());
      return;
    }
    for (int p = 0; p < layout.pieces(); p++) {
      to.write(layout.position(row, p), tile, p * layout.run(), layout.run());
    }
  }

  private static float mean(float[] x, int at, int width, float origin) {
    double sum = 0;
    for (int j = 0; j < width; j += STRETCH) {
      sum += sum(x, at + j, Math.min(STRETCH, width - j), origin);
    }
    return (float) (sum / width);
  }

  private static float scale(float[] x, int at, int width, float origin, float mean, double eps) {
    double squares = 0;
    for (int j = 0; j < width; j += STRETCH) {
      squares += squares(x, at + j, Math.min(STRETCH, width - j), origin, mean);
    }
    return (float) (1 / Math.sqrt(squares / width + eps));
  }

  private static float sum(float[] x, int at, int n, float origin) {
    var even = FloatVector.zero(SPECIES);
    var odd = FloatVector.zero(SPECIES);
    int lanes = SPECIES.length();
    int j = 0;
    for (; j <= n - 2 * lanes; j += 2 * lanes) { // two chains, since an addition takes 4 cycles
      even = even.add(FloatVector.fromArray(SPECIES, x, at + j).sub(origin));
      odd = odd.add(FloatVector.fromArray(SPECIES, x, at + j + lanes).sub(origin));
    }
    float sum = VectorMath.sum(even.add(odd));
    for (; j < n; j++) {
      sum += x[at + j] - origin;
    }
    return sum;
  }

  private static float squares(float[] x, int at, int n, float origin, float mean) {
    var even = FloatVector.zero(SPECIES);
    var odd = FloatVector.zero(SPECIES);
    int lanes = SPECIES.length();
    int j = 0;
    for (; j <= n - 2 * lanes; j += 2 * lanes) {
      var a = FloatVector.fromArray(SPECIES, x, at + j).sub(origin).sub(mean);
      var b = FloatVector.fromArray(SPECIES, x, at + j + lanes).sub(origin).sub(mean);
      even = a.fma(a, even);
      odd = b.fma(b, odd);
    }
    float squares = VectorMath.sum(even.add(odd));
    for (; j < n; j++) {
      float d = x[at + j] - origin - mean;
      squares += d * d;
    }
    return squares;
  }

  /** x = (x - origin - mean) * scale * w + b, each element with a weight of its own. */
  private static void affine(
      float[] x,
      int at,
      int n,
      float origin,
      float mean,
      float scale,
      float[] w,
      float[] b,
      int first) {
    int lanes = SPECIES.length();
    int j = 0;
    for (; j <= n - lanes; j += lanes) {
      FloatVector.fromArray(SPECIES, x, at + j)
          .sub(origin)
          .sub(mean)
          .mul(scale)
          .fma(
              FloatVector.fromArray(SPECIES, w, first + j),
              FloatVector.fromArray(SPECIES, b, first + j))
          .intoArray(x, at + j);
    }
    for (; j < n; j++) {
      x[at + j] = (x[at + j] - origin - mean) * scale * w[first + j] + b[first + j];
    }
  }

  /** x = (x - origin - mean) * scale + b. */
  static void affine(float[] x, int at, int n, float origin, float mean, float scale, float b) {
    int lanes = SPECIES.length();
    var factor = FloatVector.broadcast(SPECIES, scale);
    var shift = FloatVector.broadcast(SPECIES, b);
    int j = 0;
    for (; j <= n - lanes; j += lanes) {
      FloatVector.fromArray(SPECIES, x, at + j)
          .sub(origin)
          .sub(mean)
          .fma(factor, shift)
          .intoArray(x, at + j);
    }
    for (; j < n; j++) {
      x[at + j] = (x[at + j] - origin - mean) * scale + b;
    }
  }

  /**
   * Adds g xhat and g to the partial sums (products first), then g = g w; the sums of g w and of g
   * w xhat.
   */
  private static void weigh(
      float[] g, float[] xhat, int at, int n, float[] w, float[] partial, int first, float[] sums) {
    var sum = FloatVector.zero(SPECIES);
    var product = FloatVector.zero(SPECIES);
    int lanes = SPECIES.length();
    int channels = w.length;
    int j = 0;
    for (; j <= n - lanes; j += lanes) {
      int c = first + j;
      var gradient = FloatVector.fromArray(SPECIES, g, at + j);
      var value = FloatVector.fromArray(SPECIES, xhat, at + j);
      gradient.fma(value, FloatVector.fromArray(SPECIES, partial, c)).intoArray(partial, c);
      gradient
          .add(FloatVector.fromArray(SPECIES, partial, channels + c))
          .intoArray(partial, channels + c);
      gradient = gradient.mul(FloatVector.fromArray(SPECIES, w, c));
      gradient.intoArray(g, at + j);
      sum = sum.add(gradient);
      product = gradient.fma(value, product);
    }
    sums[0] = VectorMath.sum(sum);
    sums[1] = VectorMath.sum(product);
    for (; j < n; j++) {
      int c = first + j;
      partial[c] += g[at + j] * xhat[at + j];
      partial[channels + c] += g[at + j];
      g[at + j] *= w[c];
      sums[0] += g[at + j];
      sums[1] += g[at + j] * xhat[at + j];
    }
  }

  /** g = g w for one weight; the sums of g and of g xhat, before. */
  static void weigh(float[] g, float[] xhat, int at, int n, float w, float[] sums) {
    var sum = FloatVector.zero(SPECIES);
    var product = FloatVector.zero(SPECIES);
    int lanes = SPECIES.length();
    int j = 0;
    for (; j <= n - lanes; j += lanes) {
      var gradient = FloatVector.fromArray(SPECIES, g, at + j);
      sum = sum.add(gradient);
      product = gradient.fma(FloatVector.fromArray(SPECIES, xhat, at + j), product);
      gradient.mul(w).intoArray(g, at + j);
    }
    sums[0] = VectorMath.sum(sum);
    sums[1] = VectorMath.sum(product);
    for (; j < n; j++) {
      sums[0] += g[at + j];
      sums[1] += g[at + j] * xhat[at + j];
      g[at + j] *= w;
    }
  }

  /** xhat = (g - a - xhat b) * scale. */
  private static void project(
      float[] xhat, float[] g, int at, int n, float a, float b, float scale) {
    int lanes = SPECIES.length();
    int j = 0;
    for (; j <= n - lanes; j += lanes) {
      FloatVector.fromArray(SPECIES, g, at + j)
          .sub(a)
          .sub(FloatVector.fromArray(SPECIES, xhat, at + j).mul(b))
          .mul(scale)
          .intoArray(xhat, at + j);
    }
    for (; j < n; j++) {
      xhat[at + j] = (g[at + j] - a - xhat[at + j] * b) * scale;
    }
  }

  @Override
  public Normalized acrossChannels(INDArray x, INDArray weight, INDArray bias, double eps) {
    return x.dataType() == DataType.FLOAT
        ? VectorChannelNorm.forward(x, weight, bias, eps)
        : scalar.acrossChannels(x, weight, bias, eps);
  }

  @Override
  public Gradients acrossChannelsBackward(
      INDArray gradient, INDArray x, INDArray weight, INDArray mean, INDArray scale) {
    return x.dataType() == DataType.FLOAT
        ? VectorChannelNorm.backward(gradient, x, weight, mean, scale)
        : scalar.acrossChannelsBackward(gradient, x, weight, mean, scale);
  }
}
