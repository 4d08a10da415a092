// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.ops.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.DoubleBinaryOperator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Reductions along one axis of a dense array, seen as (outer, n, inner). Sums run in double
 * precision and in one fixed order, whatever the number of threads.
 */
public final class Reduce {
  private static final int BLOCK = 65_536;
  private static final int STRETCH = 4096; // elements read at once, where rows are shorter

  private Reduce() {}

  private record Layout(int outer, int n, int inner) {
    static Layout of(INDArray x, int axis) {
      long outer = 1;
      long inner = 1;
      for (int i = 0; i < x.rank(); i++) {
        if (i < axis) {
          outer *= x.size(i);
        } else if (i > axis) {
          inner *= x.size(i);
        }
      }
      return new Layout(
          Math.toIntExact(outer), Math.toIntExact(x.size(axis)), Math.toIntExact(inner));
    }
  }

  private static long[] withSize(long[] shape, int axis, long size) {
    var sizes = shape.clone();
    sizes[axis] = size;
    return sizes;
  }

  /** The sum along an axis, which stays with size 1. */
  public static INDArray sum(INDArray x, int axis) {
    var layout = Layout.of(x, axis);
    var out = Arrays.empty(x.dataType(), withSize(x.shape(), axis, 1));
    var from = Tiles.of(x);
    var to = Tiles.of(out);
    int n = layout.n;
    int inner = layout.inner;
    if (inner == 1) {
      rows(layout.outer, n, (first, count) -> sumRows(x.dataType(), from, to, first, count, n));
      return out;
    }
    // without enough outer rows, the inner ones are shared out as well
    int width = Math.max(64, Math.min(inner, BLOCK / Math.max(1, n)));
    int strips = (inner + width - 1) / width;
    Workers.run(
        layout.outer * strips,
        task -> {
          int o = task / strips;
          int begin = (task % strips) * width;
          int length = Math.min(width, inner - begin);
          var sums = Scratch.doubles(1, length);
          java.util.Arrays.fill(sums, 0, length, 0);
          int together = length == inner ? Math.max(1, STRETCH / inner) : 1; // short rows at once
          var rows = Scratch.doubles(0, together * length);
          for (int k = 0; k < n; k += together) {
            int values = Math.min(together, n - k) * length;
            readAsDoubles(x.dataType(), from, ((long) o * n + k) * inner + begin, rows, values);
            for (int at = 0; at < values; at += length) {
              for (int i = 0; i < length; i++) {
                sums[i] += rows[at + i];
              }
            }
          }
          writeDoubles(x.dataType(), to, (long) o * inner + begin, sums, length);
        });
    return out;
  }

  private static void sumRows(DataType type, Tiles from, Tiles to, int first, int count, int n) {
    int width = Math.min(n, BLOCK);
    var row = Scratch.doubles(0, width);
    var sums = Scratch.doubles(1, count);
    for (int r = 0; r < count; r++) {
      double sum = 0;
      for (int k = 0; k < n; k += width) {
        int length = Math.min(width, n - k);
        readAsDoubles(type, from, (long) (first + r) * n + k, row, length);
        sum += sum(row, length);
      }
      sums[r] = sum;
    }
    writeDoubles(type, to, first, sums, count);
  }

  private static double sum(double[] row, int length) {
    double a = 0;
    double b = 0; // two chains, for the latency of an addition
    int i = 0;
    for (; i + 1 < length; i += 2) {
      a += row[i];
      b += row[i + 1];
    }
    return i < length ? a + b + row[i] : a + b;
  }

  /**
   * Where the first maximum along an axis is, for each outer and inner index; NaN counts as one.
   */
  public static int[] argmax(INDArray x, int axis) {
    var layout = Layout.of(x, axis);
    var at = new int[layout.outer * layout.inner];
    var from = Tiles.of(x);
    planes(
        layout,
        (first, count) -> {
          int plane = layout.n * layout.inner;
          var values = Scratch.doubles(0, count * plane);
          readAsDoubles(x.dataType(), from, (long) first * plane, values, count * plane);
          for (int o = 0; o < count; o++) {
            for (int i = 0; i < layout.inner; i++) {
              at[(first + o) * layout.inner + i] =
                  first(values, o * plane + i, layout.n, layout.inner);
            }
          }
        });
    return at;
  }

  /** The number of the first maximum, or of the first NaN, among n values so far apart. */
  private static int first(double[] values, int start, int n, int apart) {
    int best = 0;
    double most = values[start];
    for (int k = 1; k < n && !Double.isNaN(most); k++) {
      double value = values[start + k * apart];
      if (value > most || Double.isNaN(value)) {
        most = value;
        best = k;
      }
    }
    return best;
  }

  /** The element of x at each index along the axis, which stays with size 1. */
  public static INDArray gather(INDArray x, int[] at, int axis) {
    var layout = Layout.of(x, axis);
    var out = Arrays.empty(x.dataType(), withSize(x.shape(), axis, 1));
    var from = Tiles.of(x);
    var to = Tiles.of(out);
    planes(
        layout,
        (first, count) -> {
          int plane = layout.n * layout.inner;
          int picks = count * layout.inner;
          var values = Scratch.doubles(0, count * plane);
          var picked = Scratch.doubles(1, picks);
          readAsDoubles(x.dataType(), from, (long) first * plane, values, count * plane);
          for (int j = 0; j < picks; j++) {
            picked[j] = values[position(layout, at, first * layout.inner, j)];
          }
          writeDoubles(x.dataType(), to, (long) first * layout.inner, picked, picks);
        });
    return out;
  }

  /** The transpose of {@link #gather}: zeros of the shape, with g put back at each index. */
  public static INDArray scatter(INDArray g, int[] at, long[] shape, int axis) {
    var out = Arrays.empty(g.dataType(), shape);
    var layout = Layout.of(out, axis);
    var from = Tiles.of(g);
    var to = Tiles.of(out);
    planes(
        layout,
        (first, count) -> {
          int plane = layout.n * layout.inner;
          int picks = count * layout.inner;
          var values = Scratch.doubles(0, count * plane);
          var picked = Scratch.doubles(1, picks);
          readAsDoubles(g.dataType(), from, (long) first * layout.inner, picked, picks);
          java.util.Arrays.fill(values, 0, count * plane, 0);
          for (int j = 0; j < picks; j++) {
            values[position(layout, at, first * layout.inner, j)] = picked[j];
          }
          writeDoubles(g.dataType(), to, (long) first * plane, values, count * plane);
        });
    return out;
  }

  /** Where, in planes that begin with pick {@code first}, pick j lies. */
  private static int position(Layout layout, int[] at, int first, int j) {
    int o = j / layout.inner;
    int i = j % layout.inner;
    return (o * layout.n + at[first + j]) * layout.inner + i;
  }

  /** Shares out the planes (n, inner), as many together as fill a block. */
  private static void planes(Layout layout, RowTask task) {
    rows(layout.outer, layout.n * layout.inner, task);
  }

  /**
   * Folds all elements, block by block in a fixed order; the blocks' results are added.
   *
   * @param step maps the block's accumulator (0 at first) and an element to the accumulator
   */
  public static double fold(INDArray x, DoubleBinaryOperator step) {
    var from = Tiles.of(x);
    long elements = x.length();
    int blocks = Math.toIntExact((elements + BLOCK - 1) / BLOCK);
    var partial = new double[blocks];
    Workers.run(
        blocks,
        block -> {
          int length = (int) Math.min(BLOCK, elements - (long) block * BLOCK);
          var values = Scratch.doubles(0, length);
          readAsDoubles(x.dataType(), from, (long) block * BLOCK, values, length);
          double sum = 0;
          for (int i = 0; i < length; i++) {
            sum = step.applyAsDouble(sum, values[i]);
          }
          partial[block] = sum;
        });
    double total = 0;
    for (double value : partial) {
      total += value;
    }
    return total;
  }

  /** Whether no element is NaN or infinite; a fraction of the time of other reductions. */
  public static boolean isFinite(INDArray x) {
    var from = Tiles.of(x);
    var bad = new AtomicBoolean();
    Pointwise.forTiles(
        x.length(),
        (start, length) -> {
          if (x.dataType() == DataType.FLOAT) {
            var tile = Scratch.floats(0, Pointwise.TILE);
            from.read(start, tile, 0, length);
            java.util.Arrays.fill(tile, length, Pointwise.TILE, 0);
            if (zero(tile) != 0) {
              bad.set(true);
            }
          } else {
            var tile = Scratch.doubles(0, length);
            from.read(start, tile, 0, length);
            double sum = 0;
            for (int i = 0; i < length; i++) {
              sum += tile[i] * 0;
            }
            if (sum != 0) {
              bad.set(true);
            }
          }
        });
    return !bad.get();
  }

  /** 0 where all are finite, else NaN; written in steps that the compiler turns into vectors. */
  private static float zero(float[] tile) {
    for (int i = 0; i < Pointwise.TILE; i++) {
      tile[i] *= 0;
    }
    for (int half = Pointwise.TILE / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        tile[i] += tile[i + half];
      }
    }
    return tile[0];
  }

  /** A stretch of rows. */
  private interface RowTask {
    void accept(int first, int count);
  }

  private static void rows(int rows, int width, RowTask task) {
    int each = Math.max(1, BLOCK / Math.max(1, width));
    Workers.run(
        (rows + each - 1) / each, t -> task.accept(t * each, Math.min(each, rows - t * each)));
  }

  private static void readAsDoubles(
      DataType type, Tiles from, long position, double[] values, int length) {
    if (type == DataType.FLOAT) {
      var floats = Scratch.floats(0, length);
      from.read(position, floats, 0, length);
      for (int i = 0; i < length; i++) {
        values[i] = floats[i];
      }
    } else {
      from.read(position, values, 0, length);
    }
  }

  private static void writeDoubles(
      DataType type, Tiles to, long position, double[] values, int length) {
    if (type == DataType.FLOAT) {
      var floats = Scratch.floats(0, length);
      for (int i = 0; i < length; i++) {
        floats[i] = (float) values[i];
      }
      to.write(position, floats, 0, length);
    } else {
      to.write(position, values, 0, length);
    }
  }
}
