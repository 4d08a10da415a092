// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.ops.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Depthwise convolution of floats with stride 1, channels first: lanes run along a padded plane as
 * if it were one long row.
 */
final class VectorDepthwiseFirst {
  private static final VectorSpecies<Float> SPECIES = VectorLanes.FLOAT;
  private static final int LANES = SPECIES.length();

  /** Longest stretch that is summed in float; longer ones add such sums in double. */
  private static final int STRETCH = 4096;

  private VectorDepthwiseFirst() {}

  /** The value y, from weights by channel and tap, and biases. */
  static INDArray forward(
      INDArray x, float[] w, float[] b, Taps taps, int outHeight, int outWidth) {
    int channels = size(x, 1);
    var y = Arrays.empty(DataType.FLOAT, x.size(0), channels, outHeight, outWidth);
    var source = Tiles.of(x);
    var target = Tiles.of(y);
    int row = outWidth + taps.moreColumns();
    int flat = VectorProduct.padded((outHeight - 1) * row + outWidth);
    int room = (outHeight + taps.moreRows()) * row + LANES;
    Split.of(size(x, 0) * channels, (long) outHeight * row)
        .run(
            (task, from, to) -> {
              var plane = Scratch.floats(0, Math.max(room, flat + LANES));
              var out = Scratch.floats(1, flat);
              for (int p = from; p < to; p++) {
                int c = p % channels;
                pad(source, p, size(x, 2), size(x, 3), taps, plane, row, room);
                if (taps.height() == 3 && taps.width() == 3) {
                  nine(plane, taps.down() * row, taps.right(), w, c * 9, b[c], out, flat);
                } else {
                  java.util.Arrays.fill(out, 0, flat, b[c]);
                  for (int t = 0; t < taps.count(); t++) {
                    int at = t / taps.width() * taps.down() * row + t % taps.width() * taps.right();
                    addScaled(plane, at, w[c * taps.count() + t], out, flat);
                  }
                }
                for (int i = 0; i < outHeight; i++) {
                  target.write(((long) p * outHeight + i) * outWidth, out, i * row, outWidth);
                }
              }
            });
    return y;
  }

  /** The plane with zeros around it, as far as the taps reach. */
  private static void pad(
      Tiles source, int p, int height, int width, Taps taps, float[] plane, int row, int room) {
    java.util.Arrays.fill(plane, 0, room, 0);
    int left = Math.max(0, -taps.left());
    int length = Math.min(width, row - taps.left()) - left;
    int rows = (room - LANES) / row;
    for (int r = Math.max(0, taps.top()); r < rows && r - taps.top() < height && length > 0; r++) {
      long at = ((long) p * height + r - taps.top()) * width + left;
      source.read(at, plane, r * row + taps.left() + left, length);
    }
  }

  private static void nine(
      float[] x, int down, int right, float[] w, int at, float b, float[] out, int n) {
    var w0 = FloatVector.broadcast(SPECIES, w[at]);
    var w1 = FloatVector.broadcast(SPECIES, w[at + 1]);
    var w2 = FloatVector.broadcast(SPECIES, w[at + 2]);
    var w3 = FloatVector.broadcast(SPECIES, w[at + 3]);
    var w4 = FloatVector.broadcast(SPECIES, w[at + 4]);
    var w5 = FloatVector.broadcast(SPECIES, w[at + 5]);
    var w6 = FloatVector.broadcast(SPECIES, w[at + 6]);
    var w7 = FloatVector.broadcast(SPECIES, w[at + 7]);
    var w8 = FloatVector.broadcast(SPECIES, w[at + 8]);
    for (int i = 0; i < n; i += LANES) {
      int middle = i + down;
      int low = middle + down;
      var sum = FloatVector.fromArray(SPECIES, x, i).mul(w0).add(b);
      sum = FloatVector.fromArray(SPECIES, x, i + right).fma(w1, sum);
      sum = FloatVector.fromArray(SPECIES, x, i + 2 * right).fma(w2, sum);
      var other = FloatVector.fromArray(SPECIES, x, middle).mul(w3);
      other = FloatVector.fromArray(SPECIES, x, middle + right).fma(w4, other);
      other = FloatVector.fromArray(SPECIES, x, middle + 2 * right).fma(w5, other);
      sum = FloatVector.fromArray(SPECIES, x, low).fma(w6, sum);
      sum = FloatVector.fromArray(SPECIES, x, low + right).fma(w7, sum);
      other = FloatVector.fromArray(SPECIES, x, low + 2 * right).fma(w8, other);
      sum.add(other).intoArray(out, i);
    }
  }

  private static void addScaled(float[] x, int at, float w, float[] out, int n) {
    var factor = FloatVector.broadcast(SPECIES, w);
    for (int i = 0; i < n; i += LANES) {
      FloatVector.fromArray(SPECIES, x, at + i)
          .fma(factor, FloatVector.fromArray(SPECIES, out, i))
          .intoArray(out, i);
    }
  }

  /** The gradients of weights and biases, beside that of x. */
  static DepthwiseKernel.Gradients backward(
      INDArray gradient, INDArray x, INDArray weight, Taps taps, INDArray dx) {
    int batch = size(x, 0);
    int channels = size(x, 1);
    int outHeight = size(gradient, 2);
    int outWidth = size(gradient, 3);
    var source = Tiles.of(x);
    var gradients = Tiles.of(gradient);
    int row = outWidth + taps.moreColumns();
    int flat = VectorProduct.padded((outHeight - 1) * row + outWidth);
    int room = (outHeight + taps.moreRows()) * row + LANES;
    int count = taps.count();
    // for each image, the weights of all channels and then the biases
    var partial = new double[batch][channels * (count + 1)];
    Split.of(batch * channels, (long) outHeight * row)
        .run(
            (task, from, to) -> {
              var plane = Scratch.floats(0, Math.max(room, flat + LANES));
              var g = Scratch.floats(1, flat);
              var sums = new float[3];
              for (int p = from; p < to; p++) {
                int c = p % channels;
                var sum = partial[p / channels];
                pad(source, p, size(x, 2), size(x, 3), taps, plane, row, room);
                java.util.Arrays.fill(g, 0, flat, 0);
                for (int i = 0; i < outHeight; i++) {
                  gradients.read(((long) p * outHeight + i) * outWidth, g, i * row, outWidth);
                }
                for (int i = 0; i < flat; i += STRETCH) {
                  int n = Math.min(STRETCH, flat - i);
                  sum[channels * count + c] += sum(g, i, n);
                  for (int t = 0; t < count; ) {
                    int at =
                        i + t / taps.width() * taps.down() * row + t % taps.width() * taps.right();
                    int several = taps.width() == 3 ? 3 : 1;
                    if (several == 3) {
                      dots(g, i, plane, at, taps.right(), n, sums);
                    } else {
                      sums[0] = dot(g, i, plane, at, n);
                    }
                    for (int k = 0; k < several; k++, t++) {
                      sum[c * count + t] += sums[k];
                    }
                  }
                }
              }
            });
    var bias = Arrays.empty(DataType.FLOAT, channels);
    return new DepthwiseKernel.Gradients(
        dx, Scalars.sum(partial, 0, weight), Scalars.sum(partial, channels * count, bias));
  }

  private static float sum(float[] x, int at, int n) {
    var sum = FloatVector.zero(SPECIES);
    for (int i = at; i < at + n; i += LANES) {
      sum = sum.add(FloatVector.fromArray(SPECIES, x, i));
    }
    return VectorMath.sum(sum);
  }

  private static float dot(float[] g, int gAt, float[] x, int at, int n) {
    var sum = FloatVector.zero(SPECIES);
    for (int i = 0; i < n; i += LANES) {
      sum =
          FloatVector.fromArray(SPECIES, g, gAt + i)
              .fma(FloatVector.fromArray(SPECIES, x, at + i), sum);
    }
    return VectorMath.sum(sum);
  }

  private static void dots(float[] g, int gAt, float[] x, int at, int right, int n, float[] sums) {
    var sum0 = FloatVector.zero(SPECIES);
    var sum1 = FloatVector.zero(SPECIES);
    var sum2 = FloatVector.zero(SPECIES);
    for (int i = 0; i < n; i += LANES) {
      var v = FloatVector.fromArray(SPECIES, g, gAt + i);
      sum0 = v.fma(FloatVector.fromArray(SPECIES, x, at + i), sum0);
      sum1 = v.fma(FloatVector.fromArray(SPECIES, x, at + i + right), sum1);
      sum2 = v.fma(FloatVector.fromArray(SPECIES, x, at + i + 2 * right), sum2);
    }
    sums[0] = VectorMath.sum(sum0);
    sums[1] = VectorMath.sum(sum1);
    sums[2] = VectorMath.sum(sum2);
  }

  private static int size(INDArray x, int axis) {
    return Math.toIntExact(x.size(axis));
  }
}
