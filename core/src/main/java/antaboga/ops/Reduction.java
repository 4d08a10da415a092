// SPDX-License-Identifier: Apache-2.0
package antaboga.ops;

import static antaboga.kernel.Pointwise.map;

import antaboga.Op;
import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.kernel.Reduce;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Sums and maxima along axes, in a fixed order and with double accumulators. */
public interface Reduction {
  /** The sum over the axes (numbers from 0), which disappear or stay with size 1. */
  record Sum(List<Integer> axes, boolean keep) implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      Arrays.sameType(this, x);
      var sum = x;
      for (int axis : axes) {
        sum = Reduce.sum(sum, axis);
      }
      var kept = sum.shape();
      return Value.of(
          keep ? sum : Arrays.reshape(sum, without(x.shape(), axes)),
          g -> Movement.expand(Arrays.reshape(g, kept), Shape.of(x.shape())));
    }
  }

  /** The largest value along an axis, which disappears; the gradient goes to the first maximum. */
  record Max(int axis) implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      Arrays.sameType(this, x);
      var argmax = Reduce.argmax(x, axis);
      return Value.of(
          Arrays.reshape(Reduce.gather(x, argmax, axis), without(x.shape(), List.of(axis))),
          g -> Reduce.scatter(g, argmax, x.shape(), axis));
    }
  }

  /** {@code ln sum e^x} along an axis, which disappears. */
  record LogSumExp(int axis) implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      Arrays.sameType(this, x);
      var whole = Shape.of(x.shape());
      var max = Reduce.gather(x, Reduce.argmax(x, axis), axis); // axis kept, size 1
      var shifted = map(x, Movement.expand(max, whole), (v, m) -> Math.exp(v - m));
      var sum = Reduce.sum(shifted, axis);
      var kept = map(max, sum, (m, s) -> m + Math.log(s));
      return Value.of(
          Arrays.reshape(kept, without(x.shape(), List.of(axis))),
          g -> {
            var softmax = map(x, Movement.expand(kept, whole), (v, l) -> Math.exp(v - l));
            return softmax.muli(Movement.expand(Arrays.reshape(g, kept.shape()), whole));
          });
    }
  }

  /**
   * Axes as numbers from 0 without repetition; none given means all.
   *
   * @throws ShapeException if there is no such axis, or it is named twice
   */
  static List<Integer> axes(Shape shape, int... axes) {
    if (axes.length == 0) {
      return IntStream.range(0, shape.rank()).boxed().toList();
    }
    var distinct = IntStream.of(axes).map(shape::axis).distinct().sorted().boxed().toList();
    if (distinct.size() != axes.length) {
      throw new ShapeException("axes of shape " + shape + ": one is named twice");
    }
    return distinct;
  }

  /** The sum of all squares, in double precision and in a fixed order. */
  static double sumOfSquares(INDArray x) {
    return Reduce.fold(x, (sum, v) -> sum + v * v);
  }

  /** Whether no element is NaN or infinite. */
  static boolean isFinite(INDArray x) {
    return !x.dataType().isFPType() || Reduce.isFinite(x);
  }

  private static long[] without(long[] sizes, List<Integer> axes) {
    return IntStream.range(0, sizes.length)
        .filter(i -> !axes.contains(i))
        .mapToLong(i -> sizes[i])
        .toArray();
  }
}
