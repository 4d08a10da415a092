// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.ops.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Depthwise convolution of floats with stride 1, channels last: lanes run along the channels, which
 * tiles pad to whole vectors.
 */
final class VectorDepthwiseLast {
  private static final VectorSpecies<Float> SPECIES = VectorLanes.FLOAT;
  private static final int LANES = SPECIES.length();

  /** Elements of a tile of padded rows, channels last: half a second-level cache. */
  private static final int TILE = 1 << 17;

  private VectorDepthwiseLast() {}

  /** The value y, from weights by channel and tap, and biases. */
  static INDArray forward(
      INDArray x, float[] w, float[] b, Taps taps, int outHeight, int outWidth) {
    int channels = b.length;
    int wide = VectorProduct.padded(channels);
    var weights = byTap(w, taps.count(), channels, wide);
    var biases = java.util.Arrays.copyOf(b, wide);
    var y = Arrays.empty(DataType.FLOAT, x.size(0), outHeight, outWidth, channels);
    var source = Tiles.of(x);
    var target = Tiles.of(y);
    int row = (outWidth + taps.moreColumns()) * wide;
    int block = block(outHeight, row, taps);
    int blocks = (outHeight + block - 1) / block;
    Workers.run(
        size(x, 0) * blocks,
        task -> {
          int image = task / blocks;
          int first = task % blocks * block;
          int rows = Math.min(block, outHeight - first);
          var tile = Scratch.floats(0, (rows + taps.moreRows()) * row);
          var out = Scratch.floats(1, rows * outWidth * wide);
          pad(source, image, first, rows, x, taps, tile, row, wide);
          for (int r = 0; r < rows; r++) {
            for (int c = 0; c < wide; c += LANES) {
              int to = r * outWidth * wide + c;
              if (taps.height() == 3 && taps.width() == 3) {
                nine(
                    tile,
                    r * row + c,
                    taps.down() * row,
                    taps.right() * wide,
                    weights,
                    c,
                    wide,
                    biases,
                    out,
                    to,
                    outWidth);
              } else {
                fill(out, to, wide, outWidth, biases, c);
                for (int t = 0; t < taps.count(); t++) {
                  int at = (r + t / taps.width() * taps.down()) * row;
                  at += t % taps.width() * taps.right() * wide + c;
                  addScaled(tile, at, weights, t * wide + c, out, to, wide, outWidth);
                }
              }
            }
          }
          long at = ((long) image * outHeight + first) * outWidth * channels;
          write(target, at, out, rows * outWidth, channels, wide);
        });
    return y;
  }

  private static int block(int outHeight, int row, Taps taps) {
    return Math.max(1, Math.min(outHeight, TILE / row - taps.moreRows()));
  }

  private static float[] byTap(float[] w, int taps, int channels, int wide) {
    var out = new float[taps * wide];
    for (int c = 0; c < channels; c++) {
      for (int t = 0; t < taps; t++) {
        out[t * wide + c] = w[c * taps + t];
      }
    }
    return out;
  }

  private static void pad(
      Tiles source,
      int image,
      int first,
      int rows,
      INDArray x,
      Taps taps,
      float[] tile,
      int row,
      int wide) {
    int height = size(x, 1);
    int width = size(x, 2);
    int channels = size(x, 3);
    int columns = row / wide;
    int left = Math.max(0, -taps.left());
    int length = Math.min(width, columns - taps.left()) - left;
    java.util.Arrays.fill(tile, 0, (rows + taps.moreRows()) * row, 0);
    for (int r = 0; r < rows + taps.moreRows(); r++) {
      int ih = first + r - taps.top();
      if (ih >= 0 && ih < height && length > 0) {
        long at = (((long) image * height + ih) * width + left) * channels;
        int to = r * row + (taps.left() + left) * wide;
        if (wide == channels) {
          source.read(at, tile, to, length * channels);
        } else {
          for (int i = 0; i < length; i++) {
            source.read(at + (long) i * channels, tile, to + i * wide, channels);
          }
        }
      }
    }
  }

  private static void write(
      Tiles target, long at, float[] out, int pixels, int channels, int wide) {
    if (wide == channels) {
      target.write(at, out, 0, pixels * channels);
      return;
    }
    for (int i = 0; i < pixels; i++) {
      target.write(at + (long) i * channels, out, i * wide, channels);
    }
  }

  private static void nine(
      float[] x,
      int at,
      int down,
      int right,
      float[] w,
      int c,
      int wide,
      float[] b,
      float[] out,
      int to,
      int n) {
    var w0 = FloatVector.fromArray(SPECIES, w, c);
    var w1 = FloatVector.fromArray(SPECIES, w, c + wide);
    var w2 = FloatVector.fromArray(SPECIES, w, c + 2 * wide);
    var w3 = FloatVector.fromArray(SPECIES, w, c + 3 * wide);
    var w4 = FloatVector.fromArray(SPECIES, w, c + 4 * wide);
    var w5 = FloatVector.fromArray(SPECIES, w, c + 5 * wide);
    var w6 = FloatVector.fromArray(SPECIES, w, c + 6 * wide);
    var w7 = FloatVector.fromArray(SPECIES, w, c + 7 * wide);
    var w8 = FloatVector.fromArray(SPECIES, w, c + 8 * wide);
    var bias = FloatVector.fromArray(SPECIES, b, c);
    for (int i = 0; i < n; i++) {
      int high = at + i * wide;
      int middle = high + down;
      int low = middle + down;
      var sum = FloatVector.fromArray(SPECIES, x, high).fma(w0, bias);
      sum = FloatVector.fromArray(SPECIES, x, high + right).fma(w1, sum);
      sum = FloatVector.fromArray(SPECIES, x, high + 2 * right).fma(w2, sum);
      var other = FloatVector.fromArray(SPECIES, x, middle).mul(w3);
      other = FloatVector.fromArray(SPECIES, x, middle + right).fma(w4, other);
      other = FloatVector.fromArray(SPECIES, x, middle + 2 * right).fma(w5, other);
      sum = FloatVector.fromArray(SPECIES, x, low).fma(w6, sum);
      sum = FloatVector.fromArray(SPECIES, x, low + right).fma(w7, sum);
      other = FloatVector.fromArray(SPECIES, x, low + 2 * right).fma(w8, other);
      sum.add(other).intoArray(out, to + i * wide);
    }
  }

  private static void fill(float[] out, int to, int wide, int n, float[] b, int c) {
    var bias = FloatVector.fromArray(SPECIES, b, c);
    for (int i = 0; i < n; i++) {
      bias.intoArray(out, to + i * wide);
    }
  }

  private static void addScaled(
      float[] x, int at, float[] w, int tap, float[] out, int to, int wide, int n) {
    var factor = FloatVector.fromArray(SPECIES, w, tap);
    for (int i = 0; i < n; i++) {
      FloatVector.fromArray(SPECIES, x, at + i * wide)
          .fma(factor, FloatVector.fromArray(SPECIES, out, to + i * wide))
          .intoArray(out, to + i * wide);
    }
  }

  /** The gradients of weights and biases, beside that of x. */
  static DepthwiseKernel.Gradients backward(
      INDArray gradient, INDArray x, INDArray weight, Taps taps, INDArray dx) {
    int channels = size(x, 3);
    int wide = VectorProduct.padded(channels);
    int outHeight = size(gradient, 1);
    int outWidth = size(gradient, 2);
    var source = Tiles.of(x);
    var gradients = Tiles.of(gradient);
    int row = (outWidth + taps.moreColumns()) * wide;
    int block = block(outHeight, row, taps);
    int blocks = (outHeight + block - 1) / block;
    int count = taps.count();
    // for each task, the weights by tap and then the biases
    var partial = new float[size(x, 0) * blocks][(count + 1) * wide];
    Workers.run(
        partial.length,
        task -> {
          int image = task / blocks;
          int first = task % blocks * block;
          int rows = Math.min(block, outHeight - first);
          var sums = partial[task];
          var tile = Scratch.floats(0, (rows + taps.moreRows()) * row);
          var g = Scratch.floats(1, rows * outWidth * wide);
          pad(source, image, first, rows, x, taps, tile, row, wide);
          long from = ((long) image * outHeight + first) * outWidth * channels;
          read(gradients, from, g, rows * outWidth, channels, wide);
          for (int r = 0; r < rows; r++) {
            for (int c = 0; c < wide; c += LANES) {
              int gAt = r * outWidth * wide + c;
              addColumns(g, gAt, wide, outWidth, sums, count * wide + c);
              for (int t = 0; t < count; ) {
                int at = (r + t / taps.width() * taps.down()) * row;
                at += t % taps.width() * taps.right() * wide + c;
                if (taps.width() == 3) {
                  dots(g, gAt, tile, at, taps.right() * wide, wide, outWidth, sums, t * wide + c);
                  t += 3;
                } else {
                  dot(g, gAt, tile, at, wide, outWidth, sums, t * wide + c);
                  t++;
                }
              }
            }
          }
        });
    var total = new double[1][channels * (count + 1)];
    for (var part : partial) {
      for (int c = 0; c < channels; c++) {
        for (int t = 0; t < count; t++) {
          total[0][c * count + t] += part[t * wide + c];
        }
        total[0][channels * count + c] += part[count * wide + c];
      }
    }
    var bias = Arrays.empty(DataType.FLOAT, channels);
    return new DepthwiseKernel.Gradients(
        dx, Scalars.sum(total, 0, weight), Scalars.sum(total, channels * count, bias));
  }

  private static void read(Tiles source, long at, float[] g, int pixels, int channels, int wide) {
    if (wide == channels) {
      source.read(at, g, 0, pixels * channels);
      return;
    }
    java.util.Arrays.fill(g, 0, pixels * wide, 0);
    for (int i = 0; i < pixels; i++) {
      source.read(at + (long) i * channels, g, i * wide, channels);
    }
  }

  private static void addColumns(float[] g, int at, int wide, int n, float[] sums, int to) {
    var sum = FloatVector.fromArray(SPECIES, sums, to);
    for (int i = 0; i < n; i++) {
      sum = sum.add(FloatVector.fromArray(SPECIES, g, at + i * wide));
    }
    sum.intoArray(sums, to);
  }

  private static void dot(
      float[] g, int gAt, float[] x, int at, int wide, int n, float[] sums, int to) {
    var sum = FloatVector.fromArray(SPECIES, sums, to);
    for (int i = 0; i < n; i++) {
      sum =
          FloatVector.fromArray(SPECIES, g, gAt + i * wide)
              .fma(FloatVector.fromArray(SPECIES, x, at + i * wide), sum);
    }
    sum.intoArray(sums, to);
  }

  private static void dots(
      float[] g, int gAt, float[] x, int at, int right, int wide, int n, float[] sums, int to) {
    var sum0 = FloatVector.fromArray(SPECIES, sums, to);
    var sum1 = FloatVector.fromArray(SPECIES, sums, to + wide);
    var sum2 = FloatVector.fromArray(SPECIES, sums, to + 2 * wide);
    for (int i = 0; i < n; i++) {
      var v = FloatVector.fromArray(SPECIES, g, gAt + i * wide);
      int from = at + i * wide;
      sum0 = v.fma(FloatVector.fromArray(SPECIES, x, from), sum0);
      sum1 = v.fma(FloatVector.fromArray(SPECIES, x, from + right), sum1);
      sum2 = v.fma(FloatVector.fromArray(SPECIES, x, from + 2 * right), sum2);
    }
    sum0.intoArray(sums, to);
    sum1.intoArray(sums, to + wide);
    sum2.intoArray(sums, to + 2 * wide);
  }

  private static int size(INDArray x, int axis) {
    return Math.toIntExact(x.size(axis));
  }
}
