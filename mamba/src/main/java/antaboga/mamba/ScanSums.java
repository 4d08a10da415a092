// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.kernel.Scratch;
import antaboga.kernel.Tiles;
import antaboga.kernel.Workers;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Sums of partial gradients, in an order that does not depend on threads. */
final class ScanSums {
  private ScanSums() {}

  /** Chunks of a task, where groups agree in their order. */
  private static final int PIECE = 8;

  /**
   * Adds up all bundles, and the groups that share a gradient, where that gradient stands.
   *
   * @param partials for each bundle and chunk {@code count} lines of the chunk's steps
   */
  static void bundles(
      ScanSlabs slabs, INDArray partials, int count, ScanStrides strides, INDArray sum) {
    var geometry = slabs.geometry();
    int share = strides.group() == 0 ? geometry.groups() : strides.share();
    int groups = geometry.groups() / share;
    int piece = geometry.orders() == null ? Math.min(PIECE, slabs.chunks()) : slabs.chunks();
    int pieces = (slabs.chunks() + piece - 1) / piece;
    var from = Tiles.of(partials);
    var to = Tiles.of(sum);
    Workers.run(
        geometry.batches() * groups * pieces,
        task -> {
          int batch = task / pieces / groups;
          int group = task / pieces % groups * share;
          int chunk = task % pieces * piece;
          int first = chunk * slabs.steps();
          int chunks = Math.min(piece, slabs.chunks() - chunk);
          int steps = Math.min(chunks * slabs.steps(), geometry.length() - first);
          int floats = chunks * slabs.steps() * count;
          var rows = Scratch.floats(0, steps * count);
          var total = Scratch.floats(1, floats);
          var one = Scratch.floats(2, floats);
          Arrays.fill(rows, 0, steps * count, 0);
          for (int g = group; g < group + share; g++) {
            Arrays.fill(total, 0, floats, 0);
            for (int bundle = 0; bundle < slabs.bundles(); bundle++) {
              long at = slabs.partial(batch, g, bundle, chunk);
              from.read(at * count * slabs.steps(), one, 0, floats);
              for (int i = 0; i < floats; i++) {
                total[i] += one[i];
              }
            }
            turn(slabs, g, first, steps, total, count, rows);
          }
          long base = strides.base(batch, group) + first * strides.time();
          write(strides, base, steps, count, rows, to);
        });
  }

  /** Adds lines of steps to rows of positions, counted from the first step. */
  private static void turn(
      ScanSlabs slabs, int g, int first, int steps, float[] lines, int count, float[] rows) {
    var geometry = slabs.geometry();
    for (int t = 0; t < steps; t++) {
      int to = (geometry.position(g, first + t) - first) * count;
      int at = t / slabs.steps() * count * slabs.steps() + t % slabs.steps();
      for (int n = 0; n < count; n++) {
        rows[to + n] += lines[at + n * slabs.steps()];
      }
    }
  }

  /** Writes rows of floats, one row for each position, into the array's own layout. */
  private static void write(
      ScanStrides strides, long base, int steps, int count, float[] rows, Tiles to) {
    if (strides.state() == 1) {
      for (int t = 0; t < steps; t++) {
        to.write(base + t * strides.time(), rows, t * count, count);
      }
      return;
    }
    var line = new float[steps]; // time is dense
    for (int n = 0; n < count; n++) {
      for (int t = 0; t < steps; t++) {
        line[t] = rows[t * count + n];
      }
      to.write(base + n * strides.state(), line, 0, steps);
    }
  }

  /** The sum over the first axis, batch by batch. */
  static INDArray batches(INDArray partials) {
    var shape = Arrays.copyOfRange(partials.shape(), 1, partials.rank());
    var sum = antaboga.ops.Arrays.empty(DataType.FLOAT, shape);
    var from = Tiles.of(partials);
    int batches = Math.toIntExact(partials.size(0));
    int length = Math.toIntExact(sum.length());
    var total = new float[length];
    var one = new float[length];
    for (int batch = 0; batch < batches; batch++) {
      from.read((long) batch * length, one, 0, length);
      for (int i = 0; i < length; i++) {
        total[i] += one[i];
      }
    }
    Tiles.of(sum).write(0, total, 0, length);
    return sum;
  }
}
