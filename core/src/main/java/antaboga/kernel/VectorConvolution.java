// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.Window;
import antaboga.ops.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Convolution of floats as products of tiles: columns are unfolded for a few positions at a time,
 * so that the matrix of all columns never stands in memory. Windows of one element go to BLAS,
 * which is the faster product where nothing has to be unfolded. Doubles take the scalar body.
 */
final class VectorConvolution implements ConvolutionKernel {
  /** Elements of a tile of columns, at most: half a second-level cache. */
  private static final int COLUMNS = 1 << 17;

  /** Inner sizes are multiplied in stretches whose rows of b stay in the first-level cache. */
  private static final int STRETCH = 256;

  private final ScalarConvolution scalar = new ScalarConvolution();

  /** The sizes of one group's convolution. */
  private record Sizes(
      int batch,
      int channels,
      int height,
      int width,
      int outputs,
      int outHeight,
      int outWidth,
      int groups,
      Window window) {
    int inputs() {
      return channels / groups;
    }

    int outputsOfGroup() {
      return outputs / groups;
    }

    int positions() {
      return outHeight * outWidth;
    }

    int pixels() {
      return height * width;
    }

    /** The inner size of the product. */
    int inner() {
      return inputs() * window.taps();
    }

    boolean isProduct() {
      return groups == 1 && window.taps() == 1 && window.equals(Window.of(1));
    }
  }

  @Override
  public INDArray forward(INDArray x, INDArray weight, INDArray bias, Window window, int groups) {
    if (x.dataType() != DataType.FLOAT) {
      return scalar.forward(x, weight, bias, window, groups);
    }
    var s =
        new Sizes(
            size(x, 0),
            size(x, 1),
            size(x, 2),
            size(x, 3),
            size(weight, 0),
            window.outHeight(x.size(2)),
            window.outWidth(x.size(3)),
            groups,
            window);
    var y = Arrays.empty(DataType.FLOAT, s.batch, s.outputs, s.outHeight, s.outWidth);
    if (s.isProduct()) {
      var w = Arrays.reshape(weight, s.outputs, s.channels);
      Planes.fill(y, bias);
      for (int b = 0; b < s.batch; b++) {
        Gemm.into(matrix(y, b, s.outputs), w, false, matrix(x, b, s.channels), false, 1, 1);
      }
      return y;
    }
    var w = Scalars.floats(weight);
    var biases = Scalars.floats(bias);
    var source = Tiles.of(x);
    var target = Tiles.of(y);
    int block = block(s.positions(), s.inner());
    int blocks = blocks(s.positions(), block);
    Workers.run(
        s.batch * groups * blocks,
        task -> {
          int image = task / blocks;
          int first = task % blocks * block;
          int count = Math.min(block, s.positions() - first);
          int row = VectorProduct.padded(count);
          var columns = Scratch.floats(0, s.inner() * row);
          var out = Scratch.floats(1, s.outputsOfGroup() * row);
          int group = image % groups;
          for (int o = 0; o < s.outputsOfGroup(); o++) {
            float b = biases[group * s.outputsOfGroup() + o];
            java.util.Arrays.fill(out, o * row, (o + 1) * row, b);
          }
          unfold(s, source, image, 0, s.inputs(), first, count, columns, row);
          int at = group * s.outputsOfGroup() * s.inner();
          for (int k = 0; k < s.inner(); k += STRETCH) {
            int n = Math.min(STRETCH, s.inner() - k);
            VectorProduct.add(
                w,
                at + k,
                s.inner(),
                1,
                columns,
                k * row,
                row,
                out,
                0,
                row,
                s.outputsOfGroup(),
                count,
                n);
          }
          for (int o = 0; o < s.outputsOfGroup(); o++) {
            long plane = ((long) image * s.outputsOfGroup() + o) * s.positions();
            target.write(plane + first, out, o * row, count);
          }
        });
    return y;
  }

  /** Columns of some channels of a group's image, whose number counts groups as images. */
  private static void unfold(
      Sizes s,
      Tiles source,
      int image,
      int channel,
      int channels,
      int first,
      int count,
      float[] columns,
      int row) {
    var w = s.window;
    // only the rows of the plane that these positions see
    int top = Math.max(0, first / s.outWidth * w.strideH() - w.paddingH());
    int last = (first + count - 1) / s.outWidth * w.strideH() - w.paddingH();
    int bottom = Math.min(s.height, last + (w.height() - 1) * w.dilationH() + 1);
    int rows = Math.max(0, bottom - top);
    var plane = Scratch.floats(2, s.pixels());
    for (int c = 0; c < channels; c++) {
      long at = ((long) image * s.inputs() + channel + c) * s.pixels() + (long) top * s.width;
      source.read(at, plane, top * s.width, rows * s.width);
      Im2col.unfold(
          plane,
          0,
          s.height,
          s.width,
          w,
          s.outWidth,
          first,
          count,
          columns,
          c * w.taps() * row,
          row);
    }
  }

  @Override
  public INDArray backwardInput(
      INDArray gradient, INDArray weight, Window window, int groups, int height, int width) {
    if (gradient.dataType() != DataType.FLOAT) {
      return scalar.backwardInput(gradient, weight, window, groups, height, width);
    }
    var s = sizes(gradient, size(weight, 1) * groups, height, width, window, groups);
    var dx = Arrays.empty(DataType.FLOAT, s.batch, s.channels, height, width);
    if (s.isProduct()) {
      var w = Arrays.reshape(weight, s.outputs, s.channels);
      for (int b = 0; b < s.batch; b++) {
        Gemm.into(matrix(dx, b, s.channels), w, true, matrix(gradient, b, s.outputs), false, 1, 0);
      }
      return dx;
    }
    var w = Scalars.floats(weight);
    var source = Tiles.of(gradient);
    var target = Tiles.of(dx);
    int taps = window.taps();
    // a task owns some channels of an image, since columns of neighbouring positions overlap
    int channels = Math.max(1, Math.min(s.inputs(), (1 << 16) / s.pixels()));
    channels = Math.max(channels, Math.min(s.inputs(), 8 / taps));
    int each = channels;
    int parts = blocks(s.inputs(), each);
    int block = block(s.positions(), Math.max(each * taps, s.outputsOfGroup()));
    Workers.run(
        s.batch * groups * parts,
        task -> {
          int image = task / parts;
          int channel = task % parts * each;
          int owned = Math.min(each, s.inputs() - channel);
          var planes = Scratch.floats(2, owned * s.pixels());
          java.util.Arrays.fill(planes, 0, owned * s.pixels(), 0);
          int at = image % groups * s.outputsOfGroup() * s.inner() + channel * taps;
          for (int first = 0; first < s.positions(); first += block) {
            int count = Math.min(block, s.positions() - first);
            int row = VectorProduct.padded(count);
            var g = Scratch.floats(0, s.outputsOfGroup() * row);
            readGradient(s, source, image, first, count, g, row);
            var columns = Scratch.floats(1, owned * taps * row);
            java.util.Arrays.fill(columns, 0, owned * taps * row, 0);
            VectorProduct.add(
                w,
                at,
                1,
                s.inner(),
                g,
                0,
                row,
                columns,
                0,
                row,
                owned * taps,
                count,
                s.outputsOfGroup());
            for (int c = 0; c < owned; c++) {
              Im2col.fold(
                  planes,
                  c * s.pixels(),
                  height,
                  width,
                  window,
                  s.outWidth,
                  first,
                  count,
                  columns,
                  c * taps * row,
                  row);
            }
          }
          long to = ((long) image * s.inputs() + channel) * s.pixels();
          target.write(to, planes, 0, owned * s.pixels());
        });
    return dx;
  }

  private static void readGradient(
      Sizes s, Tiles source, int image, int first, int count, float[] g, int row) {
    for (int o = 0; o < s.outputsOfGroup(); o++) {
      long plane = ((long) image * s.outputsOfGroup() + o) * s.positions();
      source.read(plane + first, g, o * row, count);
      java.util.Arrays.fill(g, o * row + count, (o + 1) * row, 0);
    }
  }

  @Override
  public INDArray backwardWeight(
      INDArray gradient, INDArray x, Window window, int groups, long... weightShape) {
    if (x.dataType() != DataType.FLOAT) {
      return scalar.backwardWeight(gradient, x, window, groups, weightShape);
    }
    var s = sizes(gradient, size(x, 1), size(x, 2), size(x, 3), window, groups);
    var dw = Arrays.empty(DataType.FLOAT, weightShape);
    if (s.isProduct()) {
      var w = Arrays.reshape(dw, s.outputs, s.channels);
      for (int b = 0; b < s.batch; b++) {
        Gemm.into(
            w,
            matrix(gradient, b, s.outputs),
            false,
            matrix(x, b, s.channels),
            true,
            1,
            b == 0 ? 0 : 1);
      }
      return dw;
    }
    var gradients = Tiles.of(gradient);
    var source = Tiles.of(x);
    int block = block(s.positions(), Math.max(s.inner(), s.outputsOfGroup()));
    int blocks = s.batch * blocks(s.positions(), block);
    int weights = s.outputsOfGroup() * s.inner();
    // few stripes, each with sums of its own; their number depends on the sizes alone
    int stripes = Math.max(1, Math.min(blocks, Math.min(16, (1 << 23) / (weights * groups))));
    var partial = new float[stripes][weights * groups];
    Workers.run(
        stripes * groups,
        task -> {
          int stripe = task / groups;
          int group = task % groups;
          int perImage = blocks(s.positions(), block);
          for (int i = stripe; i < blocks; i += stripes) {
            int image = i / perImage * groups + group;
            int first = i % perImage * block;
            int count = Math.min(block, s.positions() - first);
            int row = VectorProduct.padded(count);
            var g = Scratch.floats(0, s.outputsOfGroup() * row);
            readGradient(s, gradients, image, first, count, g, row);
            var columns = Scratch.floats(1, s.inner() * row);
            unfold(s, source, image, 0, s.inputs(), first, count, columns, row);
            for (int k = 0; k < s.inner(); k++) {
              java.util.Arrays.fill(columns, k * row + count, (k + 1) * row, 0);
            }
            VectorProduct.addTransposed(
                g,
                0,
                row,
                columns,
                0,
                row,
                partial[stripe],
                group * weights,
                s.inner(),
                s.outputsOfGroup(),
                s.inner(),
                count);
          }
        });
    var sum = Scalars.sum(partial, 0, dw);
    return sum;
  }

  private static int block(int positions, int rows) {
    return Math.min(positions, Math.max(64, Math.min(1024, COLUMNS / rows / 64 * 64)));
  }

  private static int blocks(int items, int each) {
    return (items + each - 1) / each;
  }

  private static INDArray matrix(INDArray x, int image, int rows) {
    return Arrays.reshape(x.slice(image), rows, x.size(2) * x.size(3));
  }

  private static Sizes sizes(
      INDArray gradient, int channels, int height, int width, Window window, int groups) {
    return new Sizes(
        size(gradient, 0),
        channels,
        height,
        width,
        size(gradient, 1),
        size(gradient, 2),
        size(gradient, 3),
        groups,
        window);
  }

  private static int size(INDArray x, int axis) {
    return Math.toIntExact(x.size(axis));
  }
}
