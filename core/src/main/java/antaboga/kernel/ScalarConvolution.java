// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.Window;
import antaboga.ops.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The specification of convolution: plain loops in double, for float and double arrays. */
final class ScalarConvolution implements ConvolutionKernel {
  /**
   * Adds what one weight contributes along a row of n outputs from position y, whose inputs begin
   * at x.
   */
  @FunctionalInterface
  private interface Row {
    void add(int x, int w, int y, int n);
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
    int stride = window.strideW();
    // a task owns an output plane
    Workers.run(
        s.batch * s.outputs,
        plane -> {
          int o = plane % s.outputs;
          java.util.Arrays.fill(y, plane * positions, (plane + 1) * positions, b[o]);
          rows(
              s,
              window,
              groups,
              plane / s.outputs,
              o,
              (i, k, at, n) -> {
                for (int j = 0; j < n; j++) {
                  y[at + j] += in[i + j * stride] * w[k];
                }
              });
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
    int stride = window.strideW();
    // a task owns an image, so that no two write to one place
    Workers.run(
        s.batch,
        b -> {
          for (int o = 0; o < s.outputs; o++) {
            rows(
                s,
                window,
                groups,
                b,
                o,
                (i, k, y, n) -> {
                  for (int j = 0; j < n; j++) {
                    dx[i + j * stride] += g[y + j] * w[k];
                  }
                });
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
    int stride = window.strideW();
    // a task owns the weights of an output channel
    Workers.run(
        s.outputs,
        o -> {
          for (int b = 0; b < s.batch; b++) {
            rows(
                s,
                window,
                groups,
                b,
                o,
                (i, k, y, n) -> {
                  for (int j = 0; j < n; j++) {
                    dw[k] += g[y + j] * in[i + j * stride];
                  }
                });
          }
        });
    Tiles.of(out).write(0, dw, 0, dw.length);
    return out;
  }

  private static void rows(Sizes s, Window w, int groups, int b, int o, Row row) {
    int inputs = s.channels / groups;
    int first = o / (s.outputs / groups) * inputs;
    int plane = (b * s.outputs + o) * s.outHeight * s.outWidth;
    for (int c = 0; c < inputs; c++) {
      for (int ki = 0; ki < w.height(); ki++) {
        for (int kj = 0; kj < w.width(); kj++) {
          int left = kj * w.dilationW() - w.paddingW(); // of output 0
          int from = Math.max(0, (w.strideW() - 1 - left) / w.strideW());
          int to = s.width > left ? (s.width - 1 - left) / w.strideW() + 1 : 0;
          int n = Math.min(to, s.outWidth) - from;
          for (int oh = 0; oh < s.outHeight && n > 0; oh++) {
            int ih = oh * w.strideH() - w.paddingH() + ki * w.dilationH();
            if (ih >= 0 && ih < s.height) {
              int in = ((b * s.channels + first + c) * s.height + ih) * s.width + left;
              row.add(
                  in + from * w.strideW(),
                  ((o * inputs + c) * w.height() + ki) * w.width() + kj,
                  plane + oh * s.outWidth + from,
                  n);
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
