// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.kernel.NormKernel.Gradients;
import antaboga.kernel.NormKernel.Layout;
import antaboga.kernel.NormKernel.Normalized;
import antaboga.kernel.NormKernel.Rule;
import antaboga.ops.Arrays;
import java.util.List;
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
  private static final float[] NONE = {};

  private VectorRowNorm() {}

  /** Whether rows are short, adjacent and normalised by statistics of their own. */
  static boolean takes(Layout layout, Rule rule, INDArray weight) {
    return layout.pieces() == 1
        && layout.groups() == 1
        && layout.span(weight) == 1
        && layout.width() <= LONGEST
        && rule != Rule.GIVEN;
  }

  /**
   * A step over all rows of a tile. Steps are called through a list, so that the compiler keeps
   * them apart: all in one method they exceed the size up to which it keeps vectors in registers.
   */
  @FunctionalInterface
  private interface Step {
    void over(Tile tile);
  }

  private static final List<Step> FORWARD =
      List.of(VectorRowNorm::means, VectorRowNorm::scales, VectorRowNorm::affine);
  private static final List<Step> FORWARD_UNCENTRED =
      List.of(VectorRowNorm::scales, VectorRowNorm::affine);
  private static final List<Step> BACKWARD = List.of(VectorRowNorm::weigh, VectorRowNorm::project);

  /** Rows of a tile, padded. */
  private record Rows(int width, int wide, int block) {
    static Rows of(Layout layout) {
      int wide = VectorProduct.padded(layout.width());
      return new Rows(layout.width(), wide, Math.max(1, VectorNorm.TILE / wide));
    }

    /** Tasks of four tiles: some tens of microseconds, so that threads share short inputs too. */
    Split split(int rows) {
      return new Split(rows, (rows + 4 * block - 1) / (4 * block));
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

  /** What the steps share: rows of one task, and the weights and statistics of all rows. */
  private static final class Tile {
    final Rows rows;
    final Rule rule;
    final float[] x;
    final float[] w;
    final float[] means;
    final float[] scales;
    double eps;
    float[] b = NONE;
    float[] live = NONE;
    float[] g = NONE;
    float[] partial = NONE; // products first
    float[] sums = NONE; // two of each row
    int first;
    int count;

    Tile(Rows rows, Rule rule, float[] w, float[] means, float[] scales) {
      this.rows = rows;
      this.rule = rule;
      this.x = rows.tile(0);
      this.w = w;
      this.means = means;
      this.scales = scales;
    }

    /** Near the mean, so that little is lost when sums of squares are small. */
    float origin(int at) {
      return rule == Rule.CENTRED ? x[at] : 0;
    }

    void run(List<Step> steps) {
      for (var step : steps) {
        step.over(this);
      }
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
              var tile = new Tile(rows, rule, w, means, scales);
              tile.eps = eps;
              tile.b = b;
              tile.live = live;
              for (int r0 = from; r0 < to; r0 += rows.block) {
                tile.first = r0;
                tile.count = Math.min(rows.block, to - r0);
                rows.read(source, r0, tile.count, tile.x);
                tile.run(rule == Rule.CENTRED ? FORWARD : FORWARD_UNCENTRED);
                rows.write(target, r0, tile.count, tile.x);
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
          var tile = new Tile(rows, rule, w, means, scales);
          tile.g = rows.tile(1);
          tile.sums = Scratch.floats(2, 2 * rows.block);
          tile.partial = partial[task];
          for (int r0 = from; r0 < to; r0 += rows.block) {
            tile.first = r0;
            tile.count = Math.min(rows.block, to - r0);
            rows.read(source, r0, tile.count, tile.x);
            rows.read(gradients, r0, tile.count, tile.g);
            tile.run(BACKWARD);
            rows.write(target, r0, tile.count, tile.x);
          }
        });
    return new Gradients(
        dx, Scalars.sum(partial, 0, weight), Scalars.sum(partial, rows.wide, weight));
  }

  private static FloatVector load(float[] x, int at) {
    return FloatVector.fromArray(SPECIES, x, at);
  }

  private static void means(Tile tile) {
    var x = tile.x;
    var live = tile.live;
    int wide = tile.rows.wide;
    for (int i = 0; i < tile.count; i++) {
      int at = i * wide;
      float origin = tile.origin(at);
      var sum = FloatVector.zero(SPECIES);
      for (int j = 0; j < wide; j += LANES) {
        sum = load(x, at + j).sub(origin).fma(load(live, j), sum);
      }
      tile.means[tile.first + i] = VectorMath.sum(sum) / tile.rows.width;
    }
  }

  private static void scales(Tile tile) {
    var x = tile.x;
    var live = tile.live;
    int wide = tile.rows.wide;
    for (int i = 0; i < tile.count; i++) {
      int at = i * wide;
      float origin = tile.origin(at);
      float mean = tile.means[tile.first + i];
      var sum = FloatVector.zero(SPECIES);
      for (int j = 0; j < wide; j += LANES) {
        var d = load(x, at + j).sub(origin).sub(mean).mul(load(live, j));
        sum = d.fma(d, sum);
      }
      float variance = VectorMath.sum(sum) / tile.rows.width;
      tile.scales[tile.first + i] = (float) (1 / Math.sqrt(variance + tile.eps));
    }
  }

  /** x = (x - origin - mean) * scale * w + b. */
  private static void affine(Tile tile) {
    var x = tile.x;
    var w = tile.w;
    var b = tile.b;
    int wide = tile.rows.wide;
    for (int i = 0; i < tile.count; i++) {
      int at = i * wide;
      float origin = tile.origin(at);
      float mean = tile.means[tile.first + i];
      float scale = tile.scales[tile.first + i];
      for (int j = 0; j < wide; j += LANES) {
        load(x, at + j)
            .sub(origin)
            .sub(mean)
            .mul(scale)
            .fma(load(w, j), load(b, j))
            .intoArray(x, at + j);
      }
    }
  }

  /**
   * x becomes xhat; adds g xhat and g to the partial sums, then g = g w; the sums of g w and of g w
   * xhat, for each row.
   */
  private static void weigh(Tile tile) {
    var x = tile.x;
    var g = tile.g;
    var w = tile.w;
    var partial = tile.partial;
    int wide = tile.rows.wide;
    for (int i = 0; i < tile.count; i++) {
      int at = i * wide;
      float origin = tile.origin(at);
      float mean = tile.means[tile.first + i];
      float scale = tile.scales[tile.first + i];
      var sum = FloatVector.zero(SPECIES);
      var product = FloatVector.zero(SPECIES);
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
      tile.sums[2 * i] = VectorMath.sum(sum);
      tile.sums[2 * i + 1] = VectorMath.sum(product);
    }
  }

  /** xhat = (g - a - xhat b) * scale, with a and b the means of g w and g w xhat. */
  private static void project(Tile tile) {
    var xhat = tile.x;
    var g = tile.g;
    int wide = tile.rows.wide;
    int width = tile.rows.width;
    for (int i = 0; i < tile.count; i++) {
      float a = tile.rule == Rule.CENTRED ? tile.sums[2 * i] / width : 0;
      float b = tile.sums[2 * i + 1] / width;
      float scale = tile.scales[tile.first + i];
      for (int j = i * wide; j < (i + 1) * wide; j += LANES) {
        load(g, j).sub(a).sub(load(xhat, j).mul(b)).mul(scale).intoArray(xhat, j);
      }
    }
  }
}
