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
      long ofB = spread(b, a);
      long ofA = ofB == 0 ? spread(a, b) : 0;
      var sum =
          ofB > 0
              ? Pointwise.sum(a, b, ofB)
              : ofA > 0 ? Pointwise.sum(b, a, ofA) : contiguous(a.add(b));
      return Value.of(sum, g -> unbroadcast(g, a), g -> unbroadcast(g, b));
    }
  }

  /**
   * How often in succession each element of x stands in x broadcast to the shape of y, if that is
   * otherwise x again and again; else 0.
   */
  private static long spread(INDArray x, INDArray y) {
    int first = 0;
    int last = x.rank() - 1;
    int ahead = y.rank() - x.rank();
    if (ahead < 0 || x.isEmpty()) {
      return 0;
    }
    long spread = 1;
    for (; last >= 0 && x.size(last) == 1; last--) {
      spread *= y.size(ahead + last);
    }
    while (first < last && x.size(first) == 1) {
      first++;
    }
    for (int axis = first; axis <= last; axis++) {
      if (x.size(axis) != y.size(ahead + axis)) {
        return 0;
      }
    }
    return spread;
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
