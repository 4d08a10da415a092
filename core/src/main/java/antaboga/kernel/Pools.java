// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.Window;
import antaboga.ops.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Maxima and means over windows of planes (..., H, W), in double for both types. */
public final class Pools {
  private Pools() {}

  /** The rows and columns over which one output of an average is taken. */
  @FunctionalInterface
  public interface Bins {
    /** The first input of an output, or the one after its last. */
    int edge(int output, boolean end);
  }

  /** One output plane from one input plane. */
  @FunctionalInterface
  private interface PlaneTask {
    void accept(int plane, double[] in, double[] out);
  }

  /** The largest value of each window, and the way back to where it stands. */
  public static final class Max {
    private final INDArray value;
    private final int[] places;

    private Max(INDArray value, int[] places) {
      this.value = value;
      this.places = places;
    }

    /** The largest values. */
    public INDArray value() {
      return value;
    }

    /** The gradient of x (..., height, width): each window's goes to its first maximum. */
    public INDArray backward(INDArray gradient, int height, int width) {
      return planes(
          gradient,
          height,
          width,
          (plane, g, out) -> {
            for (int o = 0; o < g.length; o++) {
              out[places[plane * g.length + o]] += g[o];
            }
          });
    }
  }

  /** The largest value of each window. */
  public static Max max(INDArray x, Window w) {
    int height = Math.toIntExact(x.size(-2));
    int width = Math.toIntExact(x.size(-1));
    int outHeight = w.outHeight(height);
    int outWidth = w.outWidth(width);
    long windows = x.length() / ((long) height * width) * outHeight * outWidth;
    var places = new int[Math.toIntExact(windows)];
    var y =
        planes(
            x,
            outHeight,
            outWidth,
            (plane, in, out) -> {
              for (int o = 0; o < out.length; o++) {
                int best = largest(in, height, width, w, o / outWidth, o % outWidth);
                out[o] = in[best];
                places[plane * out.length + o] = best;
              }
            });
    return new Max(y, places);
  }

  private static int largest(double[] in, int height, int width, Window w, int oh, int ow) {
    int best = -1;
    for (int ki = 0; ki < w.height(); ki++) {
      int ih = oh * w.strideH() - w.paddingH() + ki * w.dilationH();
      for (int kj = 0; kj < w.width(); kj++) {
        int iw = ow * w.strideW() - w.paddingW() + kj * w.dilationW();
        if (ih >= 0 && ih < height && iw >= 0 && iw < width) {
          int at = ih * width + iw;
          // a NaN is taken and stays, as in PyTorch
          if (best < 0 || in[at] > in[best] || Double.isNaN(in[at])) {
            best = at;
          }
        }
      }
    }
    return best;
  }

  /**
   * The sum over each bin, rows by columns, divided by {@code elements}; 0 stands for their own
   * number.
   */
  public static INDArray mean(
      INDArray x, int outHeight, int outWidth, int elements, Bins rows, Bins columns) {
    int width = Math.toIntExact(x.size(-1));
    return planes(
        x,
        outHeight,
        outWidth,
        (plane, in, out) -> {
          for (int o = 0; o < out.length; o++) {
            int top = rows.edge(o / outWidth, false);
            int bottom = rows.edge(o / outWidth, true);
            int left = columns.edge(o % outWidth, false);
            int right = columns.edge(o % outWidth, true);
            double sum = 0;
            for (int i = top; i < bottom; i++) {
              for (int j = left; j < right; j++) {
                sum += in[i * width + j];
              }
            }
            out[o] = sum / (elements > 0 ? elements : (bottom - top) * (right - left));
          }
        });
  }

  /** The adjoint of {@link #mean}. */
  public static INDArray meanBackward(
      INDArray gradient, int height, int width, int elements, Bins rows, Bins columns) {
    int outWidth = Math.toIntExact(gradient.size(-1));
    return planes(
        gradient,
        height,
        width,
        (plane, g, out) -> {
          for (int o = 0; o < g.length; o++) {
            int top = rows.edge(o / outWidth, false);
            int bottom = rows.edge(o / outWidth, true);
            int left = columns.edge(o % outWidth, false);
            int right = columns.edge(o % outWidth, true);
            double share = g[o] / (elements > 0 ? elements : (bottom - top) * (right - left));
            for (int i = top; i < bottom; i++) {
              for (int j = left; j < right; j++) {
                out[i * width + j] += share;
              }
            }
          }
        });
  }

  private static INDArray planes(INDArray from, int height, int width, PlaneTask task) {
    var out = Arrays.empty(from.dataType(), ScalarResample.shape(from, height, width));
    int size = Math.toIntExact(from.size(-2) * from.size(-1));
    int planes = Math.toIntExact(from.length() / size);
    var source = Tiles.of(from);
    var target = Tiles.of(out);
    Split.of(planes, Math.max(size, height * width))
        .run(
            (t, first, end) -> {
              var in = new double[size];
              var result = new double[height * width];
              for (int p = first; p < end; p++) {
                source.read((long) p * size, in, 0, size);
                java.util.Arrays.fill(result, 0);
                task.accept(p, in, result);
                target.write((long) p * result.length, result, 0, result.length);
              }
            });
    return out;
  }
}
