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

  /**
   * Adds the partial sums of all bundles, one after another, where the gradient stands.
   *
   * @param partials for each bundle and step, in the order of time, {@code count} floats
   */
  static void bundles(
      ScanSlabs slabs, INDArray partials, int count, ScanStrides strides, INDArray sum) {
    var geometry = slabs.geometry();
    int share = strides.group() == 0 ? geometry.groups() : strides.share();
    int groups = geometry.groups() / share;
    var from = Tiles.of(partials);
    var to = Tiles.of(sum);
    int floats = geometry.length() * count;
    Workers.run(
        geometry.batches() * groups,
        task -> {
          int batch = task / groups;
          int first = task % groups * share;
          var total = Scratch.floats(0, floats);
          var one = Scratch.floats(1, floats);
          Arrays.fill(total, 0, floats, 0);
          for (int g = first; g < first + share; g++) {
            for (int bundle = 0; bundle < slabs.bundles(); bundle++) {
              from.read(slabs.partial(batch, g, bundle, 0) * count, one, 0, floats);
              add(geometry, g, one, count, total);
            }
          }
          write(geometry, strides, strides.base(batch, first), count, total, to);
        });
  }

  /** Adds rows, which are in the order of time, where their position is. */
  private static void add(ScanGeometry geometry, int g, float[] one, int count, float[] total) {
    if (geometry.orders() == null) {
      for (int i = 0; i < geometry.length() * count; i++) {
        total[i] += one[i];
      }
      return;
    }
    for (int t = 0; t < geometry.length(); t++) {
      int to = geometry.position(g, t) * count;
      for (int n = 0; n < count; n++) {
        total[to + n] += one[t * count + n];
      }
    }
  }

  /** Writes rows of floats, one row for each position, into the array's own layout. */
  private static void write(
      ScanGeometry geometry, ScanStrides strides, long base, int count, float[] total, Tiles to) {
    if (strides.state() == 1) {
      for (int t = 0; t < geometry.length(); t++) {
        to.write(base + t * strides.time(), total, t * count, count);
      }
      return;
    }
    var line = new float[geometry.length()]; // time is dense
    for (int n = 0; n < count; n++) {
      for (int t = 0; t < line.length; t++) {
        line[t] = total[t * count + n];
      }
      to.write(base + n * strides.state(), line, 0, line.length);
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
