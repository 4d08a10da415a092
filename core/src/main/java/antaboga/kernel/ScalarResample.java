// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.ops.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The specification of resampling: every pair of taps by itself, in double, for both types. */
final class ScalarResample implements ResampleKernel {
  /** What one input contributes to one output. */
  @FunctionalInterface
  private interface Term {
    void add(int input, int output, double weight);
  }

  @Override
  public INDArray forward(INDArray x, Sampling vertical, Sampling horizontal) {
    return planes(x, vertical.outputs, horizontal.outputs, vertical, horizontal, false);
  }

  @Override
  public INDArray backward(INDArray gradient, Sampling vertical, Sampling horizontal) {
    return planes(gradient, vertical.inputs, horizontal.inputs, vertical, horizontal, true);
  }

  private static INDArray planes(
      INDArray from, int height, int width, Sampling v, Sampling h, boolean adjoint) {
    var out = Arrays.empty(from.dataType(), shape(from, height, width));
    int size = Math.toIntExact(from.size(-2) * from.size(-1));
    int planes = Math.toIntExact(from.length() / size);
    var source = Tiles.of(from);
    var target = Tiles.of(out);
    Workers.run(
        planes,
        p -> {
          var in = new double[size];
          var sum = new double[height * width];
          source.read((long) p * size, in, 0, size);
          if (adjoint) {
            terms(v, h, (i, o, w) -> sum[i] += w * in[o]);
          } else {
            terms(v, h, (i, o, w) -> sum[o] += w * in[i]);
          }
          target.write((long) p * sum.length, sum, 0, sum.length);
        });
    return out;
  }

  private static void terms(Sampling v, Sampling h, Term term) {
    for (int i = 0; i < v.outputs; i++) {
      for (int j = 0; j < h.outputs; j++) {
        for (int a = i * v.taps; a < (i + 1) * v.taps; a++) {
          for (int b = j * h.taps; b < (j + 1) * h.taps; b++) {
            term.add(
                v.index[a] * h.inputs + h.index[b], i * h.outputs + j, v.weight[a] * h.weight[b]);
          }
        }
      }
    }
  }

  /** The shape with other last two sizes. */
  static long[] shape(INDArray x, int height, int width) {
    var shape = x.shape().clone();
    shape[shape.length - 2] = height;
    shape[shape.length - 1] = width;
    return shape;
  }
}
