// SPDX-License-Identifier: Apache-2.0
package antaboga.ops;

import static antaboga.ops.Arrays.contiguous;
import static antaboga.ops.Arrays.unbroadcast;

import antaboga.Op;
import antaboga.Shape;
import antaboga.kernel.Pointwise;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Sums and products of elements; shapes broadcast by NumPy's rule. */
public interface Arithmetic {
  /** {@code a + b}. */
  record Add() implements Op.Binary {
    @Override
    public Value apply(INDArray a, INDArray b) {
      check(this, a, b);
      var sum =
          repeats(b, a)
              ? Pointwise.sum(a, b)
              : repeats(a, b) ? Pointwise.sum(b, a) : contiguous(a.add(b));
      return Value.of(sum, g -> unbroadcast(g, a), g -> unbroadcast(g, b));
    }
  }

  /** Whether x, broadcast to the shape of y, is x again and again. */
  private static boolean repeats(INDArray x, INDArray y) {
    int axis = 0;
    while (axis < x.rank() && x.size(axis) == 1) {
      axis++;
    }
    int rank = x.rank() - axis;
    return x.rank() <= y.rank()
        && x.length() > 0
        && java.util.Arrays.equals(x.shape(), axis, x.rank(), y.shape(), y.rank() - rank, y.rank());
  }

  /** {@code a - b}. */
  record Sub() implements Op.Binary {
    @Override
    public Value apply(INDArray a, INDArray b) {
      check(this, a, b);
      return Value.of(contiguous(a.sub(b)), g -> unbroadcast(g, a), g -> unbroadcast(g.neg(), b));
    }
  }

  /** {@code a b}. */
  record Mul() implements Op.Binary {
    @Override
    public Value apply(INDArray a, INDArray b) {
      check(this, a, b);
      return Value.of(
          contiguous(a.mul(b)), g -> unbroadcast(g.mul(b), a), g -> unbroadcast(g.mul(a), b));
    }
  }

  /** {@code a / b}; the derivative by b is {@code -a / b^2}. */
  record Div() implements Op.Binary {
    @Override
    public Value apply(INDArray a, INDArray b) {
      check(this, a, b);
      var y = contiguous(a.div(b));
      return Value.of(
          y, g -> unbroadcast(g.div(b), a), g -> unbroadcast(g.mul(y).divi(b).negi(), b));
    }
  }

  /** {@code factor x + summand}. */
  record Affine(double factor, double summand) implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      Arrays.sameType(this, x);
      var y = factor == 1 ? x.add(summand) : x.mul(factor);
      if (factor != 1 && summand != 0) {
        y.addi(summand);
      }
      return Value.of(y, g -> factor == 1 ? g : g.mul(factor));
    }
  }

  private static void check(Op op, INDArray a, INDArray b) {
    Arrays.sameType(op, a, b);
    Shape.of(a.shape()).broadcast(Shape.of(b.shape()));
  }
}
