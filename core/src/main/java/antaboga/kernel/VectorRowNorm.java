// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.kernel.NormKernel.Gradients;
import antaboga.kernel.NormKernel.Layout;
import antaboga.kernel.NormKernel.Normalized;
import antaboga.kernel.NormKernel.Rule;
import antaboga.ops.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Normalisation of short rows of adjacent floats, each element with a weight of its own: tiles pad
 * them to whole vectors, since tails would take as long as the rest.
 */
final class VectorRowNorm {
  private static final VectorSpecies<Float> SPECIES = VectorLanes.FLOAT;
  private static final int LANES = SPECIES.length();
  private static final int LONGEST = 512;

  private VectorRowNorm() {}

  /** Whether rows are short, adjacent and normalised by statistics of their own. */
  static boolean takes(Layout layout, Rule rule, INDArray weight) {
    return layout.pieces() == 1
        && layout.groups() == 1
        && layout.span(weight) == 1
        && layout.width() <= LONGEST
        && rule != Rule.GIVEN;
  }

  /** Rows of a tile, padded. */
  private record Rows(int width, int wide, int block) {
    static Rows of(Layout layout) {
      int wide = VectorProduct.padded(layout.width());
      return new Rows(layout.width(), wide, Math.max(1, VectorNorm.TILE / wide));
    }

    /** Tasks of some tiles: a few microseconds each. */
    Split split(int rows) {
      return new Split(rows, (rows + 2 * block - 1) / (2 * block));
    }

    float[] tile(int slot) {
      return Scratch.floats(slot, block * wide);
    }

    /** Reads rows and fills each up with zeros. */
    void read(Tiles from, int row, int rows, float[] tile) {
      if (width == wide) {
        from.read((long) row * width, tile, 0, rows * width);
        return;
      }
      var dense = Scratch.floats(3, block * width);
      from.read((long) row * width, dense, 0, rows * width);
      for (int i = 0; i < rows; i++) {
        System.arraycopy(dense, i * width, tile, i * wide, width);
        java.util.Arrays.fill(tile, i * wide + width, (i + 1) * wide, 0f);
      }
    }

    void write(Tiles to, int row, int rows, float[] tile) {
      if (width == wide) {
        to.write((long) row * width, tile, 0, rows * width);
        return;
      }
      var dense = Scratch.floats(3, block * width);
      for (int i = 0; i < rows; i++) {
        System.arraycopy(tile, i * wide, dense, i * width, width);
      }
      to.write((long) row * width, dense, 0, rows * width);
    }

    float[] padded(INDArray weights) {
      return java.util.Arrays.copyOf(Scalars.floats(weights), wide);
    }

    /** Ones, and zeros where a row is padded. */
    float[] live() {
      var live = new float[wide];
      java.util.Arrays.fill(live, 0, width, 1f);
      return live;
    }
  }

  static Normalized forward(
      INDArray x, INDArray weight, INDArray bias, Layout layout, Rule rule, double eps) {
    var rows = Rows.of(layout);
    var y = Arrays.empty(DataType.FLOAT, x.shape());
    var mean = Arrays.empty(DataType.FLOAT, layout.rows());
    var scale = Arrays.empty(DataType.FLOAT, layout.rows());
    var means = new float[layout.rows()];
    var scales = new float[layout.rows()];
    var w = rows.padded(weight);
    var b = rows.padded(bias);
    var live = rows.live();
    var source = Tiles.of(x);
    var target = Tiles.of(y);
    rows.split(layout.rows())
        .run(
            (task, from, to) -> {
              var tile = rows.tile(0);
              for (int r0 = from; r0 < to; r0 += rows.block) {
                int count = Math.min(rows.block, to - r0);
                rows.read(source, r0, count, tile);
                for (int i = 0; i < count; i++) {
                  int at = i * rows.wide;
                  float origin = 0;
                  if (rule == Rule.CENTRED) {
                    origin = tile[at];
                    means[r0 + i] = sum(tile, at, live, origin) / rows.width;
                  }
                  float squares = squares(tile, at, live, origin, means[r0 + i]);
                  scales[r0 + i] = (float) (1 / Math.sqrt(squares / rows.width + eps));
                  affine(tile, at, origin, means[r0 + i], scales[r0 + i], w, b);
                }
                rows.write(target, r0, count, tile);
              }
            });
    Tiles.of(mean).write(0, means, 0, means.length);
    Tiles.of(scale).write(0, scales, 0, scales.length);
    return new Normalized(y, mean, scale);
  }

  static Gradients backward(
      INDArray gradient,
      INDArray x,
      INDArray weight,
      Layout layout,
      Rule rule,
      INDArray mean,
      INDArray scale) {
    var rows = Rows.of(layout);
    var dx = Arrays.empty(DataType.FLOAT, x.shape());
    var w = rows.padded(weight);
    var means = Scalars.floats(mean);
    var scales = Scalars.floats(scale);
    var source = Tiles.of(x);
    var gradients = Tiles.of(gradient);
    var target = Tiles.of(dx);
    var split = rows.split(layout.rows());
    var partial = new float[split.tasks()][2 * rows.wide];
    split.run(
        (task, from, to) -> {
          var tile = rows.tile(0);
          var g = rows.tile(1);
          var sums = Scratch.floats(2, 2);
          for (int r0 = from; r0 < to; r0 += rows.block) {
            int count = Math.min(rows.block, to - r0);
            rows.read(source, r0, count, tile);
            rows.read(gradients, r0, count, g);
            for (int i = 0; i < count; i++) {
              int at = i * rows.wide;
              float origin = rule == Rule.CENTRED ? tile[at] : 0;
              float s = scales[r0 + i];
              weigh(g, tile, at, origin, means[r0 + i], s, w, partial[task], sums);
              float a = rule == Rule.CENTRED ? sums[0] / rows.width : 0;
              project(tile, g, at, rows.wide, a, sums[1] / rows.width, s);
            }
            rows.write(target, r0, count, tile);
          }
        });
    return new Gradients(
        dx, Scalars.sum(partial, 0, weight), Scalars.sum(partial, rows.wide, weight));
  }

  private static FloatVector load(float[] x, int at) {
    return FloatVector.fromArray(SPECIES, x, at);
  }

  private static float sum(float[] x, int at, float[] live, float origin) {
    var sum = FloatVector.zero(SPECIES);
    for (int j = 0; j < live.length; j += LANES) {
      sum = load(x, at + j).sub(origin).fma(load(live, j), sum);
    }
    return VectorMath.sum(sum);
  }

  private static float squares(float[] x, int at, float[] live, float origin, float mean) {
    var sum = FloatVector.zero(SPECIES);
    for (int j = 0; j < live.length; j += LANES) {
      var d = load(x, at + j).sub(origin).sub(mean).mul(load(live, j));
      sum = d.fma(d, sum);
    }
    return VectorMath.sum(sum);
  }

  /** x = (x - origin - mean) * scale * w + b. */
  private static void affine(
      float[] x, int at, float origin, float mean, float scale, float[] w, float[] b) {
    for (int j = 0; j < w.length; j += LANES) {
      load(x, at + j)
          .sub(origin)
          .sub(mean)
          .mul(scale)
          .fma(load(w, j), load(b, j))
          .intoArray(x, at + j);
    }
  }

  /**
   * x becomes xhat; adds g xhat and g to the partial sums (products first), then g = g w; the sums
   * of g w and of g w xhat.
   */
  private static void weigh(
      float[] g,
      float[] x,
      int at,
      float origin,
      float mean,
      float scale,
      float[] w,
      float[] partial,
      float[] sums) {
    var sum = FloatVector.zero(SPECIES);
    var product = FloatVector.zero(SPECIES);
    int wide = w.length;
    for (int j = 0; j < wide; j += LANES) {
      var xhat = load(x, at + j).sub(origin).sub(mean).mul(scale);
      xhat.intoArray(x, at + j);
      var gj = load(g, at + j);
      gj.fma(xhat, load(partial, j)).intoArray(partial, j);
      gj.add(load(partial, wide + j)).intoArray(partial, wide + j);
      var weighed = gj.mul(load(w, j));
      weighed.intoArray(g, at + j);
      sum = sum.add(weighed);
      product = weighed.fma(xhat, product);
    }
    sums[0] = VectorMath.sum(sum);
    sums[1] = VectorMath.sum(product);
  }

  /** xhat = (g - a - xhat b) * scale. */
  private static void project(
      float[] xhat, float[] g, int at, int wide, float a, float b, float scale) {
    for (int j = 0; j < wide; j += LANES) {
      load(g, at + j).sub(a).sub(load(xhat, at + j).mul(b)).mul(scale).intoArray(xhat, at + j);
    }
  }
}
