// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.optim;

import antaboga.kernel.Tiles;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** {@code average = stays average + (1 - stays) value}, in place and without temporaries. */
final class Averages {
  private static final int TILE = 8192;

  private Averages() {}

  static void move(INDArray average, INDArray value, double stays) {
    if (average.dataType() == DataType.FLOAT) {
      floats(Tiles.of(average), Tiles.of(value), average.length(), (float) stays);
    } else {
      doubles(Tiles.of(average), Tiles.of(value), average.length(), stays);
    }
  }

  private static void floats(Tiles average, Tiles value, long length, float stays) {
    var a = new float[TILE];
    var v = new float[TILE];
    for (long at = 0; at < length; at += TILE) {
      int n = (int) Math.min(TILE, length - at);
      average.read(at, a, 0, n);
      value.read(at, v, 0, n);
      for (int i = 0; i < n; i++) {
        a[i] = stays * a[i] + (1 - stays) * v[i];
      }
      average.write(at, a, 0, n);
    }
  }

  private static void doubles(Tiles average, Tiles value, long length, double stays) {
    var a = new double[TILE];
    var v = new double[TILE];
    for (long at = 0; at < length; at += TILE) {
      int n = (int) Math.min(TILE, length - at);
      average.read(at, a, 0, n);
      value.read(at, v, 0, n);
      for (int i = 0; i < n; i++) {
        a[i] = stays * a[i] + (1 - stays) * v[i];
      }
      average.write(at, a, 0, n);
    }
  }
}
