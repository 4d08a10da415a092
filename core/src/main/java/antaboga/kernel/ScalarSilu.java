// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/** The specification of SiLU: in double, for float and double arrays. */
final class ScalarSilu implements SiluKernel {
  @Override
  public INDArray forward(INDArray x) {
    return Pointwise.map(x, v -> v * sigmoid(v));
  }

  @Override
  public INDArray backward(INDArray gradient, INDArray x) {
    return Pointwise.map(gradient, x, (g, v) -> g * sigmoid(v) * (1 + v * (1 - sigmoid(v))));
  }

  @Override
  public INDArray gate(INDArray x, INDArray z) {
    return Pointwise.map(x, z, (v, w) -> v * w * sigmoid(w));
  }

  @Override
  public INDArray[] gateBackward(INDArray gradient, INDArray x, INDArray z) {
    return new INDArray[] {
      gate(gradient, z), backward(Pointwise.map(gradient, x, (g, v) -> g * v), z)
    };
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }
}
