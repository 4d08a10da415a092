// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static antaboga.kernel.ConvolutionSizes.size;

import antaboga.Window;
import antaboga.ops.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Convolution of floats as products with shifted planes of a {@link Lattice}: no column is ever
 * unfolded. Windows of one element go to BLAS, which is the faster product where nothing has to be
 * shifted. Doubles take the scalar body.
 */
final class VectorConvolution implements ConvolutionKernel {
  private final ScalarConvolution scalar = new ScalarConvolution();

  @Override
  public INDArray forward(INDArray x, INDArray weight, INDArray bias, Window window, int groups) {
    if (x.dataType() != DataType.FLOAT) {
      return scalar.forward(x, weight, bias, window, groups);
    }
    int height = window.outHeight(x.size(2));
    int width = window.outWidth(x.size(3));
    var y = Arrays.empty(DataType.FLOAT, x.size(0), weight.size(0), height, width);
    var s = ConvolutionSizes.of(y, size(x, 1), size(x, 2), size(x, 3), window, groups);
    if (s.isProduct()) {
      var w = Arrays.reshape(weight, s.outputs(), s.channels());
      Planes.fill(y, bias);
      for (int b = 0; b < s.batch(); b++) {
        Gemm.into(matrix(y, b), w, false, matrix(x, b), false, 1, 1);
      }
    } else {
      VectorConvolutionForward.into(y, x, weight, bias, s);
    }
    return y;
  }

  @Override
  public INDArray backwardInput(
      INDArray gradient, INDArray weight, Window window, int groups, int height, int width) {
    if (gradient.dataType() != DataType.FLOAT) {
      return scalar.backwardInput(gradient, weight, window, groups, height, width);
    }
    int channels = size(weight, 1) * groups;
    var s = ConvolutionSizes.of(gradient, channels, height, width, window, groups);
    var dx = Arrays.empty(DataType.FLOAT, s.batch(), channels, height, width);
    if (s.isProduct()) {
      var w = Arrays.reshape(weight, s.outputs(), channels);
      for (int b = 0; b < s.batch(); b++) {
        Gemm.into(matrix(dx, b), w, true, matrix(gradient, b), false, 1, 0);
      }
    } else {
      VectorConvolutionInput.into(dx, gradient, weight, s);
    }
    return dx;
  }

  @Override
  public INDArray backwardWeight(
      INDArray gradient, INDArray x, Window window, int groups, long... weightShape) {
    if (x.dataType() != DataType.FLOAT) {
      return scalar.backwardWeight(gradient, x, window, groups, weightShape);
    }
    var s = ConvolutionSizes.of(gradient, size(x, 1), size(x, 2), size(x, 3), window, groups);
    var dw = Arrays.empty(DataType.FLOAT, weightShape);
    if (s.isProduct()) {
      var w = Arrays.reshape(dw, s.outputs(), s.channels());
      for (int b = 0; b < s.batch(); b++) {
        Gemm.into(w, matrix(gradient, b), false, matrix(x, b), true, 1, b == 0 ? 0 : 1);
      }
    } else {
      VectorConvolutionWeight.into(dw, gradient, x, s);
    }
    return dw;
  }

  private static INDArray matrix(INDArray x, int image) {
    return Arrays.reshape(x.slice(image), x.size(1), x.size(2) * x.size(3));
  }
}
