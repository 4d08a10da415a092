// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.loss;

import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.Tensor;

/** What losses over classes share; classes lie on axis 1. */
final class Classes {
  private Classes() {}

  static Tensor logSoftmax(Tensor logits) {
    requireClasses("softmax", logits);
    return logits.logSoftmax(1);
  }

  static void requireClasses(Object loss, Tensor x) {
    if (x.shape().rank() < 2) {
      throw new ShapeException(
          loss + ": prediction has shape " + x.shape() + ", expected (N, C) or (N, C, ...)");
    }
  }

  static void requireAlike(Object loss, Tensor prediction, Tensor target) {
    if (!prediction.shape().equals(target.shape())) {
      throw new ShapeException(
          loss
              + ": prediction has shape "
              + prediction.shape()
              + ", target "
              + target.shape()
              + ", expected equal ones");
    }
  }

  /** The axes behind the channels, with the batch's in front on request. */
  static int[] axes(Shape shape, boolean batch) {
    int spatial = shape.rank() - 2;
    var axes = new int[spatial + (batch ? 1 : 0)];
    for (int i = 0; i < spatial; i++) {
      axes[axes.length - spatial + i] = 2 + i;
    }
    return axes;
  }
}
