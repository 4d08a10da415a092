// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.ops.Arrays;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Any function applied to every element, in double precision and in parallel. */
public final class Pointwise {
  static final int TILE = 4096;

  private Pointwise() {}

  /** {@code f(x)} in a new array of x's shape and type. */
  public static INDArray map(INDArray x, DoubleUnaryOperator f) {
    Arrays.sameType("map", x);
    var out = Arrays.empty(x.dataType(), x.shape());
    var from = Tiles.of(x);
    var to = Tiles.of(out);
    forTiles(
        x.length(),
        (start, length) -> {
          if (x.dataType() == DataType.FLOAT) {
            var tile = Scratch.floats(0, length);
            from.read(start, tile, 0, length);
            for (int i = 0; i < length; i++) {
              tile[i] = (float) f.applyAsDouble(tile[i]);
            }
            to.write(start, tile, 0, length);
          } else {
            var tile = Scratch.doubles(0, length);
            from.read(start, tile, 0, length);
            for (int i = 0; i < length; i++) {
              tile[i] = f.applyAsDouble(tile[i]);
            }
            to.write(start, tile, 0, length);
          }
        });
    return out;
  }

  /** {@code f(a, b)} in a new array; a and b have one shape and type. */
  public static INDArray map(INDArray a, INDArray b, DoubleBinaryOperator f) {
    Arrays.sameType("map", a, b);
    Arrays.sameShape("map", a, b);
    var out = Arrays.empty(a.dataType(), a.shape());
    var fromA = Tiles.of(a);
    var fromB = Tiles.of(b);
    var to = Tiles.of(out);
    forTiles(
        a.length(),
        (start, length) -> {
          if (a.dataType() == DataType.FLOAT) {
            var left = Scratch.floats(0, length);
            var right = Scratch.floats(1, length);
            fromA.read(start, left, 0, length);
            fromB.read(start, right, 0, length);
            for (int i = 0; i < length; i++) {
              left[i] = (float) f.applyAsDouble(left[i], right[i]);
            }
            to.write(start, left, 0, length);
          } else {
            var left = Scratch.doubles(0, length);
            var right = Scratch.doubles(1, length);
            fromA.read(start, left, 0, length);
            fromB.read(start, right, 0, length);
            for (int i = 0; i < length; i++) {
              left[i] = f.applyAsDouble(left[i], right[i]);
            }
            to.write(start, left, 0, length);
          }
        });
    return out;
  }

  /** {@code a + b} in a new array of a's shape; b, of a's type, repeats itself along a. */
  public static INDArray sum(INDArray a, INDArray b) {
    return sum(a, b, 1);
  }

  /** The same with each element of b so often in succession. */
  public static INDArray sum(INDArray a, INDArray b, long spread) {
    var out = Arrays.empty(a.dataType(), a.shape());
    var fromA = Tiles.of(a);
    var fromB = Tiles.of(b);
    var to = Tiles.of(out);
    long period = Math.max(1, b.length());
    forTiles(
        a.length(),
        (start, length) -> {
          long first = start / spread;
          int at = (int) (first % period);
          int needed = (int) ((start + length - 1) / spread - first) + 1;
          int head = (int) Math.min(needed, period - at);
          int known = (int) Math.min(needed, period); // what follows repeats it
          if (a.dataType() == DataType.FLOAT) {
            var left = Scratch.floats(0, length);
            var right = Scratch.floats(1, needed);
            fromA.read(start, left, 0, length);
            fromB.read(at, right, 0, head);
            fromB.read(0, right, head, known - head);
            repeat(right, known, needed);
            if (spread == 1) {
              add(left, right, length);
            } else {
              for (int i = 0; i < needed; i++) {
                int from = (int) Math.max(0, (first + i) * spread - start);
                int end = (int) Math.min(length, (first + i + 1) * spread - start);
                add(left, right[i], from, end);
              }
            }
            to.write(start, left, 0, length);
          } else {
            var left = Scratch.doubles(0, length);
            var right = Scratch.doubles(1, needed);
            fromA.read(start, left, 0, length);
            fromB.read(at, right, 0, head);
            fromB.read(0, right, head, known - head);
            repeat(right, known, needed);
            for (int i = 0; i < length; i++) {
              left[i] += right[(int) ((start + i) / spread - first)];
            }
            to.write(start, left, 0, length);
          }
        });
    return out;
  }

  /** Fills an array up to a length with its first elements. */
  private static void repeat(Object x, int known, int length) {
    for (int done = known; done < length; done *= 2) {
      System.arraycopy(x, 0, x, done, Math.min(done, length - done));
    }
  }

  static void add(float[] sum, float[] x, int length) {
    for (int i = 0; i < length; i++) {
      sum[i] += x[i];
    }
  }

  private static void add(float[] sum, float x, int from, int end) {
    for (int i = from; i < end; i++) {
      sum[i] += x;
    }
  }

  static void add(double[] sum, double[] x, int length) {
    for (int i = 0; i < length; i++) {
      sum[i] += x[i];
    }
  }

  /** A stretch of an array. */
  @FunctionalInterface
  interface TileTask {
    void accept(long start, int length);
  }

  static void forTiles(long elements, TileTask task) {
    int tiles = Math.toIntExact((elements + TILE - 1) / TILE);
    Workers.run(
        tiles,
        tile -> {
          long start = (long) tile * TILE;
          task.accept(start, (int) Math.min(TILE, elements - start));
        });
  }
}
