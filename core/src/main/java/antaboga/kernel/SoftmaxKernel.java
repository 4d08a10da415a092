// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Softmax and its logarithm over the middle axis of (outer, n, inner). */
public interface SoftmaxKernel {
  /** Which body is used, and why not another. */
  Choice<SoftmaxKernel> CHOICE = Choice.of("antaboga.softmax", providers());

  /** The value itself or its logarithm. */
  enum Form {
    /** {@code e^x / sum e^x}. */
    VALUE,
    /** {@code x - ln sum e^x}. */
    LOG
  }

  /** The value over the middle axis. */
  INDArray forward(INDArray x, int outer, int n, int inner, Form form);

  /** The way back from the gradient and the value y of forward. */
  INDArray backward(INDArray gradient, INDArray y, int outer, int n, int inner, Form form);

  /** All bodies. */
  static List<Provider<SoftmaxKernel>> providers() {
    return List.of(
        Providers.scalar(() -> new ScalarSoftmax()), Providers.vector(() -> new VectorSoftmax()));
  }

  /** The body in use: the best available, or the one named by {@code antaboga.softmax}. */
  static SoftmaxKernel chosen() {
    return CHOICE.get();
  }
}
