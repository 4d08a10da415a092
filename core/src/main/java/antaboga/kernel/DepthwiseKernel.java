// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.Window;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Convolution of each channel with weights of its own, over height and width. Positions outside the
 * input count as zero, so the height and width of the output may be any: a causal convolution is
 * one with padding at the front and an output as long as the input.
 */
public interface DepthwiseKernel {
  /** Which body is used, and why not another. */
  Choice<DepthwiseKernel> CHOICE = Choice.of("antaboga.depthwise", providers());

  /** Where the channels stand. */
  enum Layout {
    /** (B, C, H, W). */
    CHANNELS_FIRST,
    /** (B, H, W, C). */
    CHANNELS_LAST
  }

  /** Gradients of input, weight and bias. */
  record Gradients(INDArray x, INDArray weight, INDArray bias) {}

  /** The value, of the given height and width; weight (C, 1, kh, kw), bias (C). */
  INDArray forward(
      INDArray x,
      INDArray weight,
      INDArray bias,
      Window window,
      int outHeight,
      int outWidth,
      Layout layout);

  /** The way back. */
  Gradients backward(INDArray gradient, INDArray x, INDArray weight, Window window, Layout layout);

  /** All bodies. */
  static List<Provider<DepthwiseKernel>> providers() {
    return List.of(
        Providers.scalar(() -> new ScalarDepthwise()),
        Providers.vector(() -> new VectorDepthwise()));
  }

  /** The body in use: the best available, or the one named by {@code antaboga.depthwise}. */
  static DepthwiseKernel chosen() {
    return CHOICE.get();
  }
}
