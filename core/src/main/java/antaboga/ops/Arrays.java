// SPDX-License-Identifier: Apache-2.0
package antaboga.ops;

import antaboga.Shape;
import antaboga.ShapeException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What ND4J does not check: dense storage, equal types, and the way back from broadcasting. */
public final class Arrays {
  private Arrays() {}

  /** Whether the array is row-major without gaps, the only layout that operations see. */
  public static boolean isContiguous(INDArray x) {
    return x.ordering() == 'c' && org.nd4j.linalg.api.shape.Shape.hasDefaultStridesForShape(x);
  }

  /** The array itself where it is dense and row-major, else a copy that is. */
  public static INDArray contiguous(INDArray x) {
    return isContiguous(x) ? x : x.dup('c');
  }

  /** A new dense row-major array whose elements are not set yet. */
  public static INDArray empty(DataType type, long... shape) {
    return Nd4j.createUninitialized(type, shape, 'c');
  }

  /** A new dense row-major array of zeros. */
  public static INDArray zeros(DataType type, long... shape) {
    return Nd4j.create(type, shape, 'c');
  }

  /**
   * Sums a gradient over the axes along which {@code target} was broadcast, so that it has the
   * target's shape again.
   */
  public static INDArray unbroadcast(INDArray gradient, INDArray target) {
    if (java.util.Arrays.equals(gradient.shape(), target.shape())) {
      return gradient;
    }
    int extra = gradient.rank() - target.rank();
    var axes =
        java.util.stream.IntStream.range(0, gradient.rank())
            .filter(i -> i < extra || target.size(i - extra) == 1 && gradient.size(i) != 1)
            .toArray();
    var sum = axes.length == 0 ? gradient : gradient.sum(true, axes);
    return contiguous(sum).reshape('c', target.shape());
  }

  /**
   * The common type of floating-point inputs.
   *
   * @throws ShapeException if they differ: ND4J would silently take the first
   */
  public static DataType sameType(Object operation, INDArray... inputs) {
    var type = inputs[0].dataType();
    for (var x : inputs) {
      if (x.dataType() != type) {
        throw new ShapeException(
            operation
                + ": inputs of type "
                + type
                + " and "
                + x.dataType()
                + ", expected one type");
      }
    }
    if (!type.isFPType()) {
      throw new ShapeException(
          operation + ": inputs of type " + type + ", expected FLOAT or DOUBLE");
    }
    return type;
  }

  /**
   * Requires equal shapes.
   *
   * @throws ShapeException naming both
   */
  public static void sameShape(Object operation, INDArray a, INDArray b) {
    if (!java.util.Arrays.equals(a.shape(), b.shape())) {
      throw new ShapeException(
          operation
              + ": shapes "
              + Shape.text(a.shape())
              + " and "
              + Shape.text(b.shape())
              + ", expected equal ones");
    }
  }
}
