// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.Window;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Convolution over height and width, and its two derivatives; a transposed convolution is the first
 * of them. x (B, C, H, W), weight (O, C / groups, kh, kw), y (B, O, H', W').
 */
public interface ConvolutionKernel {
  /** Which body is used, and why not another. */
  Choice<ConvolutionKernel> CHOICE = Choice.of("antaboga.convolution", providers());

  /** The value y; bias (O); H' and W' are the window's. */
  INDArray forward(INDArray x, INDArray weight, INDArray bias, Window window, int groups);

  /** The gradient of x, whose height and width are given, from the gradient of y. */
  INDArray backwardInput(
      INDArray gradient, INDArray weight, Window window, int groups, int height, int width);

  /** The gradient of the weight, which has the given shape, from the gradient of y. */
  INDArray backwardWeight(
      INDArray gradient, INDArray x, Window window, int groups, long... weightShape);

  /** All bodies. */
  static List<Provider<ConvolutionKernel>> providers() {
    return List.of(
        Providers.scalar(() -> new ScalarConvolution()),
        Providers.vector(() -> new VectorConvolution()));
  }

  /** The body in use: the best available, or the one named by {@code antaboga.convolution}. */
  static ConvolutionKernel chosen() {
    return CHOICE.get();
  }
}
