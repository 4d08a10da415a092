// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.ops.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Normalisation of floats (B, C, S) over C at each position, with lanes along the positions: a tile
 * holds all channels of a stretch of them.
 */
final class VectorChannelNorm {
  private static final VectorSpecies<Float> SPECIES = VectorLanes.FLOAT;

  private VectorChannelNorm() {}

  /** The value; see {@link NormKernel#acrossChannels}. */
  static NormKernel.Normalized forward(INDArray x, INDArray weight, INDArray bias, double eps) {
    int batch = Math.toIntExact(x.size(0));
    int channels = Math.toIntExact(x.size(1));
    int run = Math.toIntExact(x.size(2));
    var y = Arrays.empty(x.dataType(), x.shape());
    var mean = Arrays.empty(x.dataType(), batch, run);
    var scale = Arrays.empty(x.dataType(), batch, run);
    var w = Scalars.floats(weight);
    var b = Scalars.floats(bias);
    var source = Tiles.of(x);
    var target = Tiles.of(y);
    var means = Tiles.of(mean);
    var scales = Tiles.of(scale);
    int block = positions(channels, run);
    int blocks = (run + block - 1) / block;
    Split.of(batch * blocks, (long) channels * block)
        .run(
            (task, from, to) -> {
              var tile = new float[channels * block];
              var origin = new float[block];
              var m = new float[block];
              var s = new float[block];
              for (int i = from; i < to; i++) {
                int s0 = i % blocks * block;
                int n = Math.min(block, run - s0);
                long at = (long) (i / blocks) * channels * run + s0;
                read(source, at, run, channels, block, n, tile);
                java.util.Arrays.fill(m, 0);
                java.util.Arrays.fill(s, 0);
                for (int c = 1; c < channels; c++) {
                  addDifference(m, tile, c * block, n);
                }
                multiply(m, 1f / channels, n);
                for (int c = 0; c < channels; c++) {
                  addSquares(s, m, tile, c * block, n);
                }
                for (int j = 0; j < n; j++) {
                  s[j] = (float) (1 / Math.sqrt(s[j] / channels + eps));
                }
                means.write((long) (i / blocks) * run + s0, m, 0, n);
                scales.write((long) (i / blocks) * run + s0, s, 0, n);
                System.arraycopy(tile, 0, origin, 0, n);
                for (int c = 0; c < channels; c++) {
                  standardize(tile, c * block, origin, m, s, n);
                  VectorNorm.affine(tile, c * block, n, 0, 0, w[c], b[c]);
                }
                write(target, at, run, channels, block, n, tile);
              }
            });
    return new NormKernel.Normalized(y, mean, scale);
  }

  /** The way back. */
  static NormKernel.Gradients backward(
      INDArray gradient, INDArray x, INDArray weight, INDArray mean, INDArray scale) {
    int batch = Math.toIntExact(x.size(0));
    int channels = Math.toIntExact(x.size(1));
    int run = Math.toIntExact(x.size(2));
    var dx = Arrays.empty(x.dataType(), x.shape());
    var w = Scalars.floats(weight);
    var source = Tiles.of(x);
    var gradients = Tiles.of(gradient);
    var target = Tiles.of(dx);
    var means = Tiles.of(mean);
    var scales = Tiles.of(scale);
    int block = positions(channels, run);
    int blocks = (run + block - 1) / block;
    var split = Split.of(batch * blocks, (long) channels * block);
    var partial = new float[split.tasks()][2 * channels];
    split.run(
        (task, from, to) -> {
          var tile = new float[channels * block];
          var g = new float[channels * block];
          var origin = new float[block];
          var m = new float[block];
          var s = new float[block];
          var sum = new float[block];
          var product = new float[block];
          var sums = new float[2];
          for (int i = from; i < to; i++) {
            int s0 = i % blocks * block;
            int n = Math.min(block, run - s0);
            long at = (long) (i / blocks) * channels * run + s0;
            read(source, at, run, channels, block, n, tile);
            read(gradients, at, run, channels, block, n, g);
            means.read((long) (i / blocks) * run + s0, m, 0, n);
            scales.read((long) (i / blocks) * run + s0, s, 0, n);
            System.arraycopy(tile, 0, origin, 0, n);
            java.util.Arrays.fill(sum, 0);
            java.util.Arrays.fill(product, 0);
            for (int c = 0; c < channels; c++) {
              standardize(tile, c * block, origin, m, s, n);
              VectorNorm.weigh(g, tile, c * block, n, w[c], sums);
              partial[task][c] += sums[1];
              partial[task][channels + c] += sums[0];
              add(sum, g, c * block, n);
              addProduct(product, g, tile, c * block, n);
            }
            multiply(sum, 1f / channels, n);
            multiply(product, 1f / channels, n);
            for (int c = 0; c < channels; c++) {
              project(tile, g, c * block, sum, product, s, n);
            }
            write(target, at, run, channels, block, n, tile);
          }
        });
    return new NormKernel.Gradients(
        dx, Scalars.sum(partial, 0, weight), Scalars.sum(partial, channels, weight));
  }

  private static int positions(int channels, int run) {
    return Math.min(run, Math.max(4 * SPECIES.length(), VectorNorm.TILE / channels));
  }

  private static void read(
      Tiles from, long at, int run, int channels, int block, int n, float[] tile) {
    for (int c = 0; c < channels; c++) {
      from.read(at + (long) c * run, tile, c * block, n);
    }
  }

  private static void write(
      Tiles to, long at, int run, int channels, int block, int n, float[] tile) {
    for (int c = 0; c < channels; c++) {
      to.write(at + (long) c * run, tile, c * block, n);
    }
  }

  /** sum += tile[at...] - tile[0...]. */
  private static void addDifference(float[] sum, float[] tile, int at, int n) {
    int lanes = SPECIES.length();
    int j = 0;
    for (; j <= n - lanes; j += lanes) {
      FloatVector.fromArray(SPECIES, tile, at + j)
          .sub(FloatVector.fromArray(SPECIES, tile, j))
          .add(FloatVector.fromArray(SPECIES, sum, j))
          .intoArray(sum, j);
    }
    for (; j < n; j++) {
      sum[j] += tile[at + j] - tile[j];
    }
  }

  /** sum += (tile[at...] - tile[0...] - mean)^2. */
  private static void addSquares(float[] sum, float[] mean, float[] tile, int at, int n) {
    int lanes = SPECIES.length();
    int j = 0;
    for (; j <= n - lanes; j += lanes) {
      var d =
          FloatVector.fromArray(SPECIES, tile, at + j)
              .sub(FloatVector.fromArray(SPECIES, tile, j))
              .sub(FloatVector.fromArray(SPECIES, mean, j));
      d.fma(d, FloatVector.fromArray(SPECIES, sum, j)).intoArray(sum, j);
    }
    for (; j < n; j++) {
      float d = tile[at + j] - tile[j] - mean[j];
      sum[j] += d * d;
    }
  }

  /** sum += tile. */
  private static void add(float[] sum, float[] tile, int at, int n) {
    int lanes = SPECIES.length();
    int j = 0;
    for (; j <= n - lanes; j += lanes) {
      FloatVector.fromArray(SPECIES, tile, at + j)
          .add(FloatVector.fromArray(SPECIES, sum, j))
          .intoArray(sum, j);
    }
    for (; j < n; j++) {
      sum[j] += tile[at + j];
    }
  }

  /** sum += a b. */
  private static void addProduct(float[] sum, float[] a, float[] b, int at, int n) {
    int lanes = SPECIES.length();
    int j = 0;
    for (; j <= n - lanes; j += lanes) {
      FloatVector.fromArray(SPECIES, a, at + j)
          .fma(FloatVector.fromArray(SPECIES, b, at + j), FloatVector.fromArray(SPECIES, sum, j))
          .intoArray(sum, j);
    }
    for (; j < n; j++) {
      sum[j] += a[at + j] * b[at + j];
    }
  }

  /** x *= factor. */
  private static void multiply(float[] x, float factor, int n) {
    int lanes = SPECIES.length();
    int j = 0;
    for (; j <= n - lanes; j += lanes) {
      FloatVector.fromArray(SPECIES, x, j).mul(factor).intoArray(x, j);
    }
    for (; j < n; j++) {
      x[j] *= factor;
    }
  }

  /** tile = (tile - origin - mean) * scale, position by position. */
  private static void standardize(
      float[] tile, int at, float[] origin, float[] mean, float[] scale, int n) {
    int lanes = SPECIES.length();
    int j = 0;
    for (; j <= n - lanes; j += lanes) {
      FloatVector.fromArray(SPECIES, tile, at + j)
          .sub(FloatVector.fromArray(SPECIES, origin, j))
          .sub(FloatVector.fromArray(SPECIES, mean, j))
          .mul(FloatVector.fromArray(SPECIES, scale, j))
          .intoArray(tile, at + j);
    }
    for (; j < n; j++) {
      tile[at + j] = (tile[at + j] - origin[j] - mean[j]) * scale[j];
    }
  }

  /** xhat = (g - a - xhat b) * scale, position by position. */
  private static void project(
      float[] xhat, float[] g, int at, float[] a, float[] b, float[] scale, int n) {
    int lanes = SPECIES.length();
    int j = 0;
    for (; j <= n - lanes; j += lanes) {
      FloatVector.fromArray(SPECIES, g, at + j)
          .sub(FloatVector.fromArray(SPECIES, a, j))
          .sub(
              FloatVector.fromArray(SPECIES, xhat, at + j)
                  .mul(FloatVector.fromArray(SPECIES, b, j)))
          .mul(FloatVector.fromArray(SPECIES, scale, j))
          .intoArray(xhat, at + j);
    }
    for (; j < n; j++) {
      xhat[at + j] = (g[at + j] - a[j] - xhat[at + j] * b[j]) * scale[j];
    }
  }
}
