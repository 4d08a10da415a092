// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.Window;
import antaboga.ops.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The specification of depthwise convolution: plain loops in double, for both types. */
final class ScalarDepthwise implements DepthwiseKernel {
  /** What one weight contributes; {@code x}, {@code w}, {@code y} are positions. */
  @FunctionalInterface
  private interface Term {
    void add(int x, int w, int y);
  }

  /** Sizes, and where the elements of an image stand. */
  private record Sizes(
      int batch, int channels, int height, int width, int outHeight, int outWidth, boolean last) {
    int in(int b, int c, int h, int w) {
      return last
          ? ((b * height + h) * width + w) * channels + c
          : ((b * channels + c) * height + h) * width + w;
    }

    int out(int b, int c, int h, int w) {
      return last
          ? ((b * outHeight + h) * outWidth + w) * channels + c
          : ((b * channels + c) * outHeight + h) * outWidth + w;
    }

    long[] outShape() {
      return last
          ? new long[] {batch, outHeight, outWidth, channels}
          : new long[] {batch, channels, outHeight, outWidth};
    }
  }

  @Override
  public INDArray forward(
      INDArray x,
      INDArray weight,
      INDArray bias,
      Window window,
      int outHeight,
      int outWidth,
      Layout layout) {
    var s = sizes(x, outHeight, outWidth, layout);
    var out = Arrays.empty(x.dataType(), s.outShape());
    var in = Scalars.all(x);
    var w = Scalars.all(weight);
    var b = Scalars.all(bias);
    var y = new double[Math.toIntExact(out.length())];
    Workers.run(
        s.channels,
        c -> {
          for (int image = 0; image < s.batch; image++) {
            for (int i = 0; i < outHeight; i++) {
              for (int j = 0; j < outWidth; j++) {
                y[s.out(image, c, i, j)] = b[c];
              }
            }
          }
          terms(s, window, c, (i, k, o) -> y[o] += in[i] * w[k]);
        });
    Tiles.of(out).write(0, y, 0, y.length);
    return out;
  }

  @Override
  public Gradients backward(
      INDArray gradient, INDArray x, INDArray weight, Window window, Layout layout) {
    boolean last = layout == Layout.CHANNELS_LAST;
    int outHeight = Math.toIntExact(gradient.size(last ? 1 : 2));
    int outWidth = Math.toIntExact(gradient.size(last ? 2 : 3));
    var s = sizes(x, outHeight, outWidth, layout);
    var in = Scalars.all(x);
    var w = Scalars.all(weight);
    var g = Scalars.all(gradient);
    var dx = new double[in.length];
    var dw = new double[1][w.length];
    var db = new double[1][s.channels];
    var outX = Arrays.empty(x.dataType(), x.shape());
    Workers.run(
        s.channels,
        c -> {
          terms(
              s,
              window,
              c,
              (i, k, o) -> {
                dx[i] += g[o] * w[k];
                dw[0][k] += g[o] * in[i];
              });
          for (int image = 0; image < s.batch; image++) {
            for (int i = 0; i < outHeight; i++) {
              for (int j = 0; j < outWidth; j++) {
                db[0][c] += g[s.out(image, c, i, j)];
              }
            }
          }
        });
    Tiles.of(outX).write(0, dx, 0, dx.length);
    var bias = Arrays.empty(x.dataType(), s.channels);
    return new Gradients(outX, Scalars.sum(dw, 0, weight), Scalars.sum(db, 0, bias));
  }

  private static void terms(Sizes s, Window w, int c, Term term) {
    for (int b = 0; b < s.batch; b++) {
      for (int oh = 0; oh < s.outHeight; oh++) {
        for (int ow = 0; ow < s.outWidth; ow++) {
          for (int ki = 0; ki < w.height(); ki++) {
            int ih = oh * w.strideH() - w.paddingH() + ki * w.dilationH();
            for (int kj = 0; kj < w.width(); kj++) {
              int iw = ow * w.strideW() - w.paddingW() + kj * w.dilationW();
              if (ih >= 0 && ih < s.height && iw >= 0 && iw < s.width) {
                int tap = (c * w.height() + ki) * w.width() + kj;
                term.add(s.in(b, c, ih, iw), tap, s.out(b, c, oh, ow));
              }
            }
          }
        }
      }
    }
  }

  private static Sizes sizes(INDArray x, int outHeight, int outWidth, Layout layout) {
    boolean last = layout == Layout.CHANNELS_LAST;
    return new Sizes(
        Math.toIntExact(x.size(0)),
        Math.toIntExact(x.size(last ? 3 : 1)),
        Math.toIntExact(x.size(last ? 1 : 2)),
        Math.toIntExact(x.size(last ? 2 : 3)),
        outHeight,
        outWidth,
        last);
  }
}
