// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Equally spaced runs of neighbouring elements, copied from one dense array to another: the kernel
 * of slices, concatenation, padding and repetition.
 *
 * @param count the number of runs
 * @param length the elements of one run
 */
public record Runs(long count, long length) {
  private static final int TILE = 8192;

  /** Copies run i from {@code fromStart + i fromStride} to {@code toStart + i toStride}. */
  public void copy(
      INDArray from, long fromStart, long fromStride, INDArray to, long toStart, long toStride) {
    move(from, fromStart, fromStride, to, toStart, toStride, false);
  }

  /** As {@link #copy}, but adds to what is there. */
  public void add(
      INDArray from, long fromStart, long fromStride, INDArray to, long toStart, long toStride) {
    move(from, fromStart, fromStride, to, toStart, toStride, true);
  }

  private void move(
      INDArray from,
      long fromStart,
      long fromStride,
      INDArray to,
      long toStart,
      long toStride,
      boolean add) {
    var source = Tiles.of(from);
    var target = Tiles.of(to);
    boolean floats = from.dataType() == DataType.FLOAT;
    int pieces = Math.toIntExact((length + TILE - 1) / TILE);
    int together = (int) Math.max(1, TILE / Math.max(1, length)); // short runs share a task
    int tasks = Math.toIntExact((count + together - 1) / together);
    Workers.run(
        tasks * pieces,
        task -> {
          long begin = (long) (task % pieces) * TILE;
          int size = (int) Math.min(TILE, length - begin);
          var tile = floats ? Scratch.floats(0, size) : null;
          var wide = floats ? null : Scratch.doubles(0, size);
          long first = (long) (task / pieces) * together;
          for (long run = first; run < Math.min(count, first + together); run++) {
            long at = fromStart + run * fromStride + begin;
            long put = toStart + run * toStride + begin;
            if (tile != null) {
              source.read(at, tile, 0, size);
              if (add) {
                var sum = Scratch.floats(1, size);
                target.read(put, sum, 0, size);
                Pointwise.add(tile, sum, size);
              }
              target.write(put, tile, 0, size);
            } else if (wide != null) {
              source.read(at, wide, 0, size);
              if (add) {
                var sum = Scratch.doubles(1, size);
                target.read(put, sum, 0, size);
                Pointwise.add(wide, sum, size);
              }
              target.write(put, wide, 0, size);
            }
          }
        });
  }

  /** Repeats each run of {@code from}, which holds nothing else, in {@code to}. */
  public void repeat(INDArray from, INDArray to, long times) {
    if (length == 1) {
      fill(from, to, times);
      return;
    }
    var source = Tiles.of(from);
    var target = Tiles.of(to);
    boolean floats = from.dataType() == DataType.FLOAT;
    int pieces = Math.toIntExact((length + TILE - 1) / TILE);
    int copies =
        (int) Math.max(1, Math.min(times, TILE / length)); // short runs are written at once
    int writes = Math.toIntExact((times + copies - 1) / copies);
    Workers.run(
        Math.toIntExact(count * pieces * writes),
        task -> {
          long run = task / pieces / writes;
          long begin = (long) (task % pieces) * TILE;
          long repetition = (long) (task / pieces % writes) * copies;
          int size = (int) Math.min(TILE, length - begin);
          int elements = size * (int) Math.min(copies, times - repetition);
          long put = (run * times + repetition) * length + begin;
          if (floats) {
            var tile = Scratch.floats(0, elements);
            source.read(run * length + begin, tile, 0, size);
            for (int i = size; i < elements; i++) {
              tile[i] = tile[i - size];
            }
            target.write(put, tile, 0, elements);
          } else {
            var tile = Scratch.doubles(0, elements);
            source.read(run * length + begin, tile, 0, size);
            for (int i = size; i < elements; i++) {
              tile[i] = tile[i - size];
            }
            target.write(put, tile, 0, elements);
          }
        });
  }

  /** Repeats each element of {@code from} {@code times} times in {@code to}. */
  private static void fill(INDArray from, INDArray to, long times) {
    int n = Math.toIntExact(times);
    var source = Tiles.of(from);
    var target = Tiles.of(to);
    boolean floats = from.dataType() == DataType.FLOAT;
    int together = Math.max(1, TILE / n);
    Workers.run(
        Math.toIntExact((from.length() + together - 1) / together),
        task -> {
          long first = (long) task * together;
          int elements = (int) Math.min(together, from.length() - first);
          if (floats) {
            var values = Scratch.floats(0, elements);
            var filled = Scratch.floats(1, elements * n);
            source.read(first, values, 0, elements);
            for (int i = 0; i < elements; i++) {
              java.util.Arrays.fill(filled, i * n, (i + 1) * n, values[i]);
            }
            target.write(first * n, filled, 0, elements * n);
          } else {
            var values = Scratch.doubles(0, elements);
            var filled = Scratch.doubles(1, elements * n);
            source.read(first, values, 0, elements);
            for (int i = 0; i < elements; i++) {
              java.util.Arrays.fill(filled, i * n, (i + 1) * n, values[i]);
            }
            target.write(first * n, filled, 0, elements * n);
          }
        });
  }
}
