// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Resampling of planes (..., H, W) along both axes: {@code y = V x H^T}, both matrices sparse. */
public interface ResampleKernel {
  /** Which body is used, and why not another. */
  Choice<ResampleKernel> CHOICE = Choice.of("antaboga.resample", providers());

  /** The value, (..., H', W'). */
  INDArray forward(INDArray x, Sampling vertical, Sampling horizontal);

  /** The adjoint: the gradient of x from the gradient of y. */
  INDArray backward(INDArray gradient, Sampling vertical, Sampling horizontal);

  /** All bodies. */
  static List<Provider<ResampleKernel>> providers() {
    return List.of(
        Providers.scalar(() -> new ScalarResample()), Providers.vector(() -> new VectorResample()));
  }

  /** The body in use: the best available, or the one named by {@code antaboga.resample}. */
  static ResampleKernel chosen() {
    return CHOICE.get();
  }
}
