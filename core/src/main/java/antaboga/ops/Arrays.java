// SPDX-License-Identifier: Apache-2.0
package antaboga.ops;

import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.kernel.Blas;
import antaboga.kernel.Reduce;
import java.util.function.Supplier;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What ND4J does not check: dense storage, equal types, and the way back from broadcasting. */
public final class Arrays {
  static {
    Blas.prepare();
  }

  private Arrays() {}

  /** Whether the array is row-major without gaps, the only layout that operations see. */
  public static boolean isContiguous(INDArray x) {
    long dense = 1;
    for (int axis = x.rank() - 1; axis >= 0; axis--) {
      if (x.size(axis) != 1 && x.stride(axis) != dense) { // an axis of size 1 may say anything
        return false;
      }
      dense *= x.size(axis);
    }
    return true;
  }

  /**
   * The elements of a dense row-major array in another shape, without a copy.
   *
   * @throws ShapeException if the shape has another number of elements
   */
  public static INDArray reshape(INDArray x, long... shape) {
    if (x.length() != Shape.of(shape).elements()) {
      throw new ShapeException(
          "reshape: shape %s to %s".formatted(Shape.text(x.shape()), Shape.text(shape)));
    }
    return part(x, 0, shape);
  }

  /**
   * So many elements of a dense row-major array as the shape has, from number {@code first} on,
   * without a copy: ND4J's own views and reshapes take several times as long as small operations.
   */
  static INDArray part(INDArray x, long first, long... shape) {
    if (shape.length == 0 || x.isEmpty()) {
      return x.reshape('c', shape);
    }
    var strides = new long[shape.length];
    long dense = 1;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      strides[axis] = dense;
      dense *= shape[axis];
    }
    return Nd4j.create(x.data(), shape, strides, x.offset() + first, 'c');
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
   * Makes an array in memory of its own, that outlives the tape that may be open: a parameter, an
   * optimiser's moment, a detached copy.
   */
  @SuppressWarnings("try") // the scope works by being open
  public static INDArray outsideTapes(Supplier<INDArray> make) {
    try (var scope = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      return make.get();
    }
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
    var sum = gradient;
    for (int i = 0; i < gradient.rank(); i++) {
      if (gradient.size(i) != 1 && (i < extra || target.size(i - extra) == 1)) {
        sum = Reduce.sum(sum, i);
      }
    }
    return reshape(sum, target.shape());
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
