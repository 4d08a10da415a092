// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.ops.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * {@code x} where positive, else {@code slope x}. Floats go without a branch, which random signs
 * would mispredict half of the time, in loops that the compiler turns into vectors.
 */
public final class Rectifier {
  private Rectifier() {}

  /** The value of each element. */
  public static INDArray forward(INDArray x, double slope) {
    if (x.dataType() != DataType.FLOAT) {
      return Pointwise.map(x, v -> v > 0 ? v : slope * v);
    }
    var y = Arrays.empty(x.dataType(), x.shape());
    var source = Tiles.of(x);
    var target = Tiles.of(y);
    Pointwise.forTiles(
        x.length(),
        (start, length) -> {
          var tile = Scratch.floats(0, length);
          source.read(start, tile, 0, length);
          rectify(tile, (float) slope, length);
          target.write(start, tile, 0, length);
        });
    return y;
  }

  /** The gradient, times slope where x is not positive. */
  public static INDArray backward(INDArray gradient, INDArray x, double slope) {
    if (x.dataType() != DataType.FLOAT) {
      return Pointwise.map(gradient, x, (g, v) -> v > 0 ? g : slope * g);
    }
    var dx = Arrays.empty(x.dataType(), x.shape());
    var gradients = Tiles.of(gradient);
    var source = Tiles.of(x);
    var target = Tiles.of(dx);
    Pointwise.forTiles(
        x.length(),
        (start, length) -> {
          var g = Scratch.floats(0, length);
          var tile = Scratch.floats(1, length);
          gradients.read(start, g, 0, length);
          source.read(start, tile, 0, length);
          slopes(g, tile, (float) slope, length);
          target.write(start, g, 0, length);
        });
    return dx;
  }

  private static void rectify(float[] x, float slope, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = Math.max(x[i], 0) + slope * Math.min(x[i], 0);
    }
  }

  private static void slopes(float[] g, float[] x, float slope, int n) {
    for (int i = 0; i < n; i++) {
      // 1 for all positive numbers, as two factors take the least of them above it; else 0
      float one = Math.min(Math.max(x[i] * Float.MAX_VALUE * Float.MAX_VALUE, 0), 1);
      g[i] *= one + slope * (1 - one);
    }
  }
}
