// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import antaboga.Dims;
import antaboga.Op;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.kernel.Tiles;
import antaboga.ops.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An image as four sequences and back, as VMamba's {@code CrossScan} and {@code CrossMerge}. {@link
 * Ss2d} does not need it: there the scan itself visits the image in four orders.
 */
public final class CrossScan {
  private CrossScan() {}

  /** x (B, C, H, W) as four sequences (B, 4, C, H·W). */
  public static Tensor scan(ScanPath path, Tensor x) {
    return Tape.apply(new Scan(path), x);
  }

  /** y (B, 4, C, H·W), put back in place and summed: (B, C, H, W). */
  public static Tensor merge(ScanPath path, Tensor y, int height, int width) {
    return Tape.apply(new Merge(path, height, width), y);
  }

  private record Scan(ScanPath path) implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      Arrays.sameType("crossScan", x);
      var dims = Dims.of("crossScan").bind("x", x, "B C H W");
      int height = dims.count("H");
      int width = dims.count("W");
      var orders = path.orders(height, width);
      return Value.of(spread(orders, x), g -> gather(orders, g, height, width));
    }
  }

  private record Merge(ScanPath path, int height, int width) implements Op.Unary {
    @Override
    public Value apply(INDArray y) {
      Arrays.sameType("crossMerge", y);
      Dims.of("crossMerge").bind("y", y, "B 4 C " + height * width);
      var orders = path.orders(height, width);
      return Value.of(gather(orders, y, height, width), g -> spread(orders, g));
    }
  }

  private static INDArray spread(List<int[]> orders, INDArray x) {
    int length = orders.get(0).length;
    int channels = Math.toIntExact(x.size(1));
    var from = read(x);
    var to = new double[orders.size() * from.length];
    for (int row = 0; row < from.length / length; row++) {
      for (int k = 0; k < orders.size(); k++) {
        int at = (row / channels * orders.size() + k) * channels + row % channels;
        for (int t = 0; t < length; t++) {
          to[at * length + t] = from[row * length + orders.get(k)[t]];
        }
      }
    }
    return write(to, x.dataType(), x.size(0), orders.size(), channels, length);
  }

  private static INDArray gather(List<int[]> orders, INDArray y, int height, int width) {
    int length = height * width;
    int channels = Math.toIntExact(y.size(2));
    var from = read(y);
    var to = new double[from.length / orders.size()];
    for (int row = 0; row < to.length / length; row++) {
      for (int k = 0; k < orders.size(); k++) {
        int at = (row / channels * orders.size() + k) * channels + row % channels;
        for (int t = 0; t < length; t++) {
          to[row * length + orders.get(k)[t]] += from[at * length + t];
        }
      }
    }
    return write(to, y.dataType(), y.size(0), channels, height, width);
  }

  private static double[] read(INDArray x) {
    int length = Math.toIntExact(x.length());
    var values = new double[length];
    if (x.dataType() == DataType.DOUBLE) {
      Tiles.of(x).read(0, values, 0, length);
      return values;
    }
    var floats = new float[length];
    Tiles.of(x).read(0, floats, 0, length);
    for (int i = 0; i < length; i++) {
      values[i] = floats[i];
    }
    return values;
  }

  private static INDArray write(double[] values, DataType type, long... shape) {
    var array = Arrays.empty(type, shape);
    if (type == DataType.DOUBLE) {
      Tiles.of(array).write(0, values, 0, values.length);
      return array;
    }
    var floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    Tiles.of(array).write(0, floats, 0, floats.length);
    return array;
  }
}
