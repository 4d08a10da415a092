// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.Window;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Depthwise convolution of floats with stride 1, a class for each layout. The gradient of the input
 * is the same convolution with the weights turned round. Other strides and doubles take the scalar
 * body.
 */
final class VectorDepthwise implements DepthwiseKernel {
  private final ScalarDepthwise scalar = new ScalarDepthwise();

  @Override
  public INDArray forward(
      INDArray x,
      INDArray weight,
      INDArray bias,
      Window window,
      int outHeight,
      int outWidth,
      Layout layout) {
    if (x.dataType() != DataType.FLOAT || strided(window)) {
      return scalar.forward(x, weight, bias, window, outHeight, outWidth, layout);
    }
    var w = Scalars.floats(weight);
    var b = Scalars.floats(bias);
    return layout == Layout.CHANNELS_FIRST
        ? VectorDepthwiseFirst.forward(x, w, b, Taps.of(window), outHeight, outWidth)
        : VectorDepthwiseLast.forward(x, w, b, Taps.of(window), outHeight, outWidth);
  }

  @Override
  public Gradients backward(
      INDArray gradient, INDArray x, INDArray weight, Window window, Layout layout) {
    if (x.dataType() != DataType.FLOAT || strided(window)) {
      return scalar.backward(gradient, x, weight, window, layout);
    }
    var taps = Taps.of(window);
    var w = Scalars.floats(weight);
    int channels = w.length / taps.count();
    var turned = new float[w.length];
    for (int i = 0; i < w.length; i++) {
      int tap = i % taps.count();
      turned[i - tap + taps.count() - 1 - tap] = w[i];
    }
    var none = new float[channels];
    if (layout == Layout.CHANNELS_FIRST) {
      var dx =
          VectorDepthwiseFirst.forward(
              gradient, turned, none, taps.turned(), size(x, 2), size(x, 3));
      return VectorDepthwiseFirst.backward(gradient, x, weight, taps, dx);
    }
    var dx =
        VectorDepthwiseLast.forward(gradient, turned, none, taps.turned(), size(x, 1), size(x, 2));
    return VectorDepthwiseLast.backward(gradient, x, weight, taps, dx);
  }

  private static boolean strided(Window window) {
    return window.strideH() != 1 || window.strideW() != 1;
  }

  private static int size(INDArray x, int axis) {
    return Math.toIntExact(x.size(axis));
  }
}
