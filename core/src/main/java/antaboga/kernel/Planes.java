// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.ops.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One value for each channel's plane of (B, C, ...): a bias and its gradient. */
public final class Planes {
  private Planes() {}

  /** Sets each plane to its channel's value, in place. */
  static void fill(INDArray y, INDArray values) {
    each(y, values, false);
  }

  /** Adds its channel's value to each plane, in place. */
  public static void add(INDArray y, INDArray values) {
    each(y, values, true);
  }

  private static void each(INDArray y, INDArray values, boolean add) {
    var v = Scalars.all(values);
    int planes = Math.toIntExact(y.size(0) * v.length);
    int size = Math.toIntExact(y.length() / planes);
    var tiles = Tiles.of(y);
    Split.of(planes, size)
        .run(
            (task, from, to) -> {
              var plane = Scratch.doubles(0, size);
              for (int p = from; p < to; p++) {
                if (add) {
                  tiles.read((long) p * size, plane, 0, size);
                  for (int i = 0; i < size; i++) {
                    plane[i] += v[p % v.length];
                  }
                } else {
                  java.util.Arrays.fill(plane, 0, size, v[p % v.length]);
                }
                tiles.write((long) p * size, plane, 0, size);
              }
            });
  }

  /** The sums over each channel's planes, (C). */
  public static INDArray sum(INDArray gradient) {
    int channels = Math.toIntExact(gradient.size(1));
    int planes = Math.toIntExact(gradient.size(0) * channels);
    int size = Math.toIntExact(gradient.length() / planes);
    var tiles = Tiles.of(gradient);
    var sums = new double[planes];
    Split.of(planes, size)
        .run(
            (task, from, to) -> {
              var plane = Scratch.doubles(0, size);
              for (int p = from; p < to; p++) {
                tiles.read((long) p * size, plane, 0, size);
                sums[p] = Scalars.sum(plane, size);
              }
            });
    var out = Arrays.empty(gradient.dataType(), channels);
    var total = new double[1][channels];
    for (int p = 0; p < planes; p++) {
      total[0][p % channels] += sums[p];
    }
    return Scalars.sum(total, 0, out);
  }
}
