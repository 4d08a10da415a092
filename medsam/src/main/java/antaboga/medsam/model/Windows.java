// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Dims;
import antaboga.Op;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.kernel.Scratch;
import antaboga.kernel.Tiles;
import antaboga.kernel.Workers;
import antaboga.ops.Arrays;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Square windows of an image, padded at the bottom and at the right; padded tokens are ordinary
 * tokens to attention. Source: {@code window_partition} of segment_anything.
 */
record Windows(int side) {
  /** From (B, H, W, C) to (B n, side, side, C), the n windows of an image row by row. */
  Tensor partition(Tensor x) {
    return Tape.apply(new Partition(side), x);
  }

  /** The same with padded tokens of these values, (C), instead of zeros. */
  Tensor partition(Tensor x, Tensor padding) {
    return Tape.apply(new Partition(side), x, padding);
  }

  /** Back to images of this height and width; the padding is cut off. */
  Tensor join(Tensor windows, long height, long width) {
    return Tape.apply(new Join(side, height, width), windows);
  }

  /** Where an image's tokens stand in its windows. */
  private record Layout(int side, int images, int height, int width, int channels) {
    static Layout of(int side, INDArray x) {
      var dims = Dims.of("windows").bind("x", x, "B H W C");
      return new Layout(side, dims.count("B"), dims.count("H"), dims.count("W"), dims.count("C"));
    }

    int rows() {
      return (height + side - 1) / side;
    }

    int columns() {
      return (width + side - 1) / side;
    }

    int windows() {
      return images * rows() * columns();
    }

    /** Takes a row of a window: where it begins, and how many of its elements are no padding. */
    interface Run {
      void accept(long image, long window, int inside, int all);
    }

    void forRows(int window, Run run) {
      int image = window / (rows() * columns());
      int top = window / columns() % rows() * side;
      int left = window % columns() * side;
      for (int y = 0; y < side; y++) {
        int inside = top + y < height ? Math.min(side, width - left) * channels : 0;
        long token = inside == 0 ? 0 : ((long) image * height + top + y) * width + left;
        run.accept(
            token * channels,
            ((long) window * side + y) * side * channels,
            inside,
            side * channels);
      }
    }
  }

  /** x (B, H, W, C), and perhaps the values of padded tokens (C). */
  record Partition(int side) implements Op {
    @Override
    public Value apply(INDArray... inputs) {
      var x = inputs[0];
      var layout = Layout.of(side, x);
      var padding = inputs.length > 1 ? Optional.of(inputs[1]) : Optional.<INDArray>empty();
      padding.ifPresent(p -> Dims.of("windows").bind("x", x, "B H W C").bind("padding", p, "C"));
      return new Value(
          partitioned(layout, x, padding),
          (g, needed) -> {
            var gradients = new INDArray[inputs.length];
            if (needed[0]) {
              gradients[0] = joined(layout, g);
            }
            if (inputs.length > 1 && needed[1]) {
              gradients[1] = padded(layout, g);
            }
            return gradients;
          });
    }
  }

  /** The adjoint of {@link Partition}. */
  record Join(int side, long height, long width) implements Op.Unary {
    @Override
    public Value apply(INDArray windows) {
      var dims = Dims.of("windows").bind("x", windows, "N %d %d C".formatted(side, side));
      var one = new Layout(side, 1, (int) height, (int) width, dims.count("C"));
      int images = dims.count("N") / one.windows();
      var layout = new Layout(side, images, one.height, one.width, one.channels);
      return Value.of(joined(layout, windows), g -> partitioned(layout, g, Optional.empty()));
    }
  }

  private static INDArray partitioned(Layout n, INDArray x, Optional<INDArray> padding) {
    var y = Arrays.empty(x.dataType(), n.windows(), n.side, n.side, n.channels);
    boolean floats = x.dataType() == DataType.FLOAT;
    var values = new double[n.side * n.channels];
    if (padding.isPresent()) {
      var one = new double[n.channels];
      Tiles.of(padding.get()).read(0, one, 0, n.channels);
      for (int i = 0; i < values.length; i++) {
        values[i] = one[i % n.channels];
      }
    }
    var from = Tiles.of(x);
    var to = Tiles.of(y);
    Workers.run(
        n.windows(),
        window -> {
          if (floats) {
            var run = Scratch.floats(0, values.length);
            n.forRows(
                window,
                (image, at, inside, all) -> {
                  from.read(image, run, 0, inside);
                  for (int i = inside; i < all; i++) {
                    run[i] = (float) values[i];
                  }
                  to.write(at, run, 0, all);
                });
          } else {
            var run = Scratch.doubles(0, values.length);
            n.forRows(
                window,
                (image, at, inside, all) -> {
                  from.read(image, run, 0, inside);
                  System.arraycopy(values, inside, run, inside, all - inside);
                  to.write(at, run, 0, all);
                });
          }
        });
    return y;
  }

  private static INDArray joined(Layout n, INDArray windows) {
    var x = Arrays.empty(windows.dataType(), n.images, n.height, n.width, n.channels);
    boolean floats = windows.dataType() == DataType.FLOAT;
    var from = Tiles.of(windows);
    var to = Tiles.of(x);
    Workers.run(
        n.windows(),
        window -> {
          if (floats) {
            var run = Scratch.floats(0, n.side * n.channels);
            n.forRows(
                window,
                (image, at, inside, all) -> {
                  from.read(at, run, 0, inside);
                  to.write(image, run, 0, inside);
                });
          } else {
            var run = Scratch.doubles(0, n.side * n.channels);
            n.forRows(
                window,
                (image, at, inside, all) -> {
                  from.read(at, run, 0, inside);
                  to.write(image, run, 0, inside);
                });
          }
        });
    return x;
  }

  /** The sum over padded tokens, (C). */
  private static INDArray padded(Layout n, INDArray windows) {
    var from = Tiles.of(windows);
    var sum = new double[n.channels];
    var run = new double[n.side * n.channels];
    for (int window = 0; window < n.windows(); window++) {
      n.forRows(
          window,
          (image, at, inside, all) -> {
            from.read(at + inside, run, 0, all - inside);
            for (int i = 0; i < all - inside; i++) {
              sum[i % n.channels] += run[i];
            }
          });
    }
    var total = Arrays.empty(windows.dataType(), n.channels);
    Tiles.of(total).write(0, sum, 0, n.channels);
    return total;
  }
}
