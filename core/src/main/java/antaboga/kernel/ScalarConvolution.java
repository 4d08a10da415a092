// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.Window;
import antaboga.ops.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The specification of convolution: plain loops in double, for float and double arrays. */
final class ScalarConvolution implements ConvolutionKernel {
  /** Adds what one weight contributes; {@code x}, {@code w}, {@code y} are positions. */
  @FunctionalInterface
  private interface Term {
    void add(int x, int w, int y);
  }

  /** The sizes of one convolution. */
  private record Sizes(
      int batch, int channels, int height, int width, int outputs, int outHeight, int outWidth) {}

  @Override
  public INDArray forward(INDArray x, INDArray weight, INDArray bias, Window window, int groups) {
    var s =
        new Sizes(
            size(x, 0),
            size(x, 1),
            size(x, 2),
            size(x, 3),
            size(weight, 0),
            window.outHeight(x.size(2)),
            window.outWidth(x.size(3)));
    var out = Arrays.empty(x.dataType(), s.batch, s.outputs, s.outHeight, s.outWidth);
    var in = Scalars.all(x);
    var w = Scalars.all(weight);
    var y = new double[Math.toIntExact(out.length())];
    var b = Scalars.all(bias);
    int positions = s.outHeight * s.outWidth;
    // a task owns an output plane
    Workers.run(
        s.batch * s.outputs,
        plane -> {
          int o = plane % s.outputs;
          java.util.Arrays.fill(y, plane * positions, (plane + 1) * positions, b[o]);
          terms(s, window, groups, plane / s.outputs, o, (i, k, at) -> y[at] += in[i] * w[k]);
        });
    Tiles.of(out).write(0, y, 0, y.length);
    return out;
  }

  @Override
  public INDArray backwardInput(
      INDArray gradient, INDArray weight, Window window, int groups, int height, int width) {
    int channels = size(weight, 1) * groups;
    var s = sizes(gradient, channels, height, width);
    var out = Arrays.empty(gradient.dataType(), s.batch, channels, height, width);
    var g = Scalars.all(gradient);
    var w = Scalars.all(weight);
    var dx = new double[Math.toIntExact(out.length())];
    // a task owns an image, so that no two write to one place
    Workers.run(
        s.batch,
        b -> {
          for (int o = 0; o < s.outputs; o++) {
            terms(s, window, groups, b, o, (i, k, y) -> dx[i] += g[y] * w[k]);
          }
        });
    Tiles.of(out).write(0, dx, 0, dx.length);
    return out;
  }

  @Override
  public INDArray backwardWeight(
      INDArray gradient, INDArray x, Window window, int groups, long... weightShape) {
    var s = sizes(gradient, size(x, 1), size(x, 2), size(x, 3));
    var out = Arrays.empty(x.dataType(), weightShape);
    var g = Scalars.all(gradient);
    var in = Scalars.all(x);
    var dw = new double[Math.toIntExact(out.length())];
    // a task owns the weights of an output channel
    Workers.run(
        s.outputs,
        o -> {
          for (int b = 0; b < s.batch; b++) {
            terms(s, window, groups, b, o, (i, k, y) -> dw[k] += g[y] * in[i]);
          }
        });
    Tiles.of(out).write(0, dw, 0, dw.length);
    return out;
  }

  private static void terms(Sizes s, Window w, int groups, int b, int o, Term term) {
    int inputs = s.channels / groups;
    int first = o / (s.outputs / groups) * inputs;
    int plane = (b * s.outputs + o) * s.outHeight * s.outWidth;
    for (int oh = 0; oh < s.outHeight; oh++) {
      for (int ow = 0; ow < s.outWidth; ow++) {
        for (int c = 0; c < inputs; c++) {
          for (int ki = 0; ki < w.height(); ki++) {
            int ih = oh * w.strideH() - w.paddingH() + ki * w.dilationH();
            for (int kj = 0; kj < w.width(); kj++) {
              int iw = ow * w.strideW() - w.paddingW() + kj * w.dilationW();
              if (ih >= 0 && ih < s.height && iw >= 0 && iw < s.width) {
                term.add(
                    ((b * s.channels + first + c) * s.height + ih) * s.width + iw,
                    ((o * inputs + c) * w.height() + ki) * w.width() + kj,
                    plane + oh * s.outWidth + ow);
              }
            }
          }
        }
      }
    }
  }

  private static Sizes sizes(INDArray gradient, int channels, int height, int width) {
    return new Sizes(
        size(gradient, 0),
        channels,
        height,
        width,
        size(gradient, 1),
        size(gradient, 2),
        size(gradient, 3));
  }

  private static int size(INDArray x, int axis) {
    return Math.toIntExact(x.size(axis));
  }
}
