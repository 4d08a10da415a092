// SPDX-License-Identifier: Apache-2.0
package antaboga.ops;

import antaboga.Op;
import antaboga.Shape;
import antaboga.kernel.SoftmaxKernel;
import antaboga.kernel.SoftmaxKernel.Form;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Exponentials that sum to one along an axis. */
public interface Softmax {
  /** {@code e^x / sum e^x} along an axis; a negative axis counts from the end. */
  record Value(int axis) implements Op.Unary {
    @Override
    public Op.Value apply(INDArray x) {
      return Softmax.apply(this, x, axis, Form.VALUE);
    }
  }

  /** {@code x - ln sum e^x} along an axis; a negative axis counts from the end. */
  record Log(int axis) implements Op.Unary {
    @Override
    public Op.Value apply(INDArray x) {
      return Softmax.apply(this, x, axis, Form.LOG);
    }
  }

  private static Op.Value apply(Op op, INDArray x, int axis, Form form) {
    Arrays.sameType(op, x);
    var shape = Shape.of(x.shape());
    int at = shape.axis(axis);
    int outer = 1;
    int inner = 1;
    for (int i = 0; i < shape.rank(); i++) {
      int size = Math.toIntExact(shape.size(i));
      outer *= i < at ? size : 1;
      inner *= i > at ? size : 1;
    }
    int n = Math.toIntExact(shape.size(at));
    int before = outer;
    int after = inner;
    var kernel = SoftmaxKernel.chosen();
    var y = kernel.forward(x, before, n, after, form);
    return Op.Value.of(y, g -> kernel.backward(g, y, before, n, after, form));
  }
}
