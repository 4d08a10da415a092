// SPDX-License-Identifier: Apache-2.0
package antaboga.ops;

import static antaboga.ops.Arrays.empty;
import static antaboga.ops.Arrays.part;
import static antaboga.ops.Arrays.reshape;
import static antaboga.ops.Arrays.sameType;
import static antaboga.ops.Arrays.unbroadcast;
import static antaboga.ops.Arrays.zeros;

import antaboga.Op;
import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.kernel.Permutation;
import antaboga.kernel.Runs;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Elements in other places: reshaped, permuted, cut, joined, padded, repeated, reversed. */
public interface Movement {
  /** The same elements in another shape; no copy. */
  record Reshape(Shape to) implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      return Value.of(reshape(x, to.toArray()), g -> reshape(g, x.shape()));
    }
  }

  /** Axis i of the result is axis {@code order.get(i)} of x. */
  record Permute(List<Integer> order) implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      var forth = order.stream().mapToInt(i -> i).toArray();
      var back = new int[forth.length];
      for (int i = 0; i < forth.length; i++) {
        back[forth[i]] = i;
      }
      return Value.of(Permutation.of(x, forth), g -> Permutation.of(g, back));
    }
  }

  /** The part {@code from <= i < to} of an axis. */
  record Slice(int axis, long from, long to) implements Op.Unary, Op.Part {
    /**
     * The slice of an axis that may be negative.
     *
     * @throws ShapeException if the part is empty or outside
     */
    public static Slice of(Shape shape, int axis, long from, long to) {
      int at = shape.axis(axis);
      if (from < 0 || from >= to || to > shape.size(at)) {
        throw new ShapeException(
            "slice %d..%d of axis %d of shape %s".formatted(from, to, at, shape));
      }
      return new Slice(at, from, to);
    }

    @Override
    public Value apply(INDArray x) {
      return Value.of(
          outer(x, axis) == 1 ? view(x) : copy(x),
          g -> {
            var back = zeros(g.dataType(), x.shape());
            addBack(g, back);
            return back;
          });
    }

    /** What lies together needs no copy. */
    private INDArray view(INDArray x) {
      return part(x, from * inner(x, axis), with(x.shape(), axis, to - from));
    }

    private INDArray copy(INDArray x) {
      var y = empty(x.dataType(), with(x.shape(), axis, to - from));
      long run = (to - from) * inner(x, axis);
      long start = from * inner(x, axis);
      new Runs(outer(x, axis), run).copy(x, start, x.size(axis) * inner(x, axis), y, 0, run);
      return y;
    }

    @Override
    public void addBack(INDArray gradient, INDArray whole) {
      long run = (to - from) * inner(whole, axis);
      long start = from * inner(whole, axis);
      new Runs(outer(whole, axis), run)
          .add(gradient, 0, run, whole, start, whole.size(axis) * inner(whole, axis));
    }
  }

  /** Arrays one after another along an axis. */
  record Concat(int axis) implements Op {
    @Override
    public Value apply(INDArray... parts) {
      sameType(this, parts);
      long total = 0;
      for (var part : parts) {
        if (!Arrays.equals(with(part.shape(), axis, 1), with(parts[0].shape(), axis, 1))) {
          throw new ShapeException(
              "concat along axis %d: shapes %s and %s"
                  .formatted(axis, Shape.text(parts[0].shape()), Shape.text(part.shape())));
        }
        total += part.size(axis);
      }
      long inner = inner(parts[0], axis);
      long outer = outer(parts[0], axis);
      long stride = total * inner;
      var y = empty(parts[0].dataType(), with(parts[0].shape(), axis, total));
      long start = 0;
      for (var part : parts) {
        long run = part.size(axis) * inner;
        new Runs(outer, run).copy(part, 0, run, y, start, stride);
        start += run;
      }
      return new Value(
          y,
          (g, needed) -> {
            var grads = new INDArray[parts.length];
            long at = 0;
            for (int i = 0; i < parts.length; i++) {
              long run = parts[i].size(axis) * inner;
              if (needed[i]) {
                grads[i] = empty(g.dataType(), parts[i].shape());
                new Runs(outer, run).copy(g, at, stride, grads[i], 0, run);
              }
              at += run;
            }
            return grads;
          });
    }
  }

  /** Zeros before and after the entries of an axis. */
  record Pad(int axis, long before, long after) implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      if (before < 0 || after < 0) {
        throw new ShapeException("pad: %d and %d, expected >= 0".formatted(before, after));
      }
      long inner = inner(x, axis);
      long run = x.size(axis) * inner;
      long stride = (before + x.size(axis) + after) * inner;
      var y = zeros(x.dataType(), with(x.shape(), axis, before + x.size(axis) + after));
      var runs = new Runs(outer(x, axis), run);
      runs.copy(x, 0, run, y, before * inner, stride);
      return Value.of(
          y,
          g -> {
            var back = empty(g.dataType(), x.shape());
            runs.copy(g, before * inner, stride, back, 0, run);
            return back;
          });
    }
  }

  /** Repetition along axes of size 1 and along new leading axes. */
  record Expand(Shape to) implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      var from = Shape.of(x.shape());
      if (!from.broadcast(to).equals(to)) {
        throw new ShapeException("expand: shape " + from + " to " + to);
      }
      return Value.of(expand(x, to), g -> unbroadcast(g, x));
    }
  }

  /** The entries of the axes in reverse order. */
  record Flip(List<Integer> axes) implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      return Value.of(flip(x, axes), g -> flip(g, axes));
    }
  }

  private static INDArray flip(INDArray x, List<Integer> axes) {
    for (int axis : axes) {
      long inner = inner(x, axis);
      long n = x.size(axis);
      var y = empty(x.dataType(), x.shape());
      for (long i = 0; i < n; i++) {
        new Runs(outer(x, axis), inner)
            .copy(x, i * inner, n * inner, y, (n - 1 - i) * inner, n * inner);
      }
      x = y;
    }
    return x;
  }

  /** The array repeated to a shape that it broadcasts to. */
  static INDArray expand(INDArray x, Shape to) {
    if (Shape.of(x.shape()).equals(to)) {
      return x;
    }
    var out = empty(x.dataType(), to.toArray());
    expandInto(x, out);
    return out;
  }

  /** Fills {@code out} with repetitions of x, which broadcasts to its shape. */
  static void expandInto(INDArray x, INDArray out) {
    var sizes = new long[out.rank()];
    Arrays.fill(sizes, 1);
    System.arraycopy(x.shape(), 0, sizes, out.rank() - x.rank(), x.rank());
    var from = reshape(x, sizes);
    for (int axis = out.rank() - 1; axis > 0; axis--) { // all but the outermost stretched axis
      if (from.size(axis) != out.size(axis) && outermost(from, out) != axis) {
        var wider = empty(x.dataType(), with(from.shape(), axis, out.size(axis)));
        repeat(from, wider, axis);
        from = wider;
      }
    }
    repeat(from, out, Math.max(0, outermost(from, out)));
  }

  private static int outermost(INDArray from, INDArray out) {
    return IntStream.range(0, out.rank())
        .filter(i -> from.size(i) != out.size(i))
        .findFirst()
        .orElse(-1);
  }

  private static void repeat(INDArray from, INDArray out, int axis) {
    if (out.rank() == 0 || from.size(axis) == out.size(axis)) {
      out.assign(from);
      return;
    }
    new Runs(outer(out, axis), inner(out, axis)).repeat(from, out, out.size(axis));
  }

  /**
   * The shape that {@code sizes} mean for the elements of {@code shape}; one size may be -1.
   *
   * @throws ShapeException if the numbers of elements differ
   */
  static Shape resolve(Shape shape, long... sizes) {
    long known = LongStream.of(sizes).filter(s -> s != -1).reduce(1, (a, b) -> a * b);
    boolean open = LongStream.of(sizes).filter(s -> s == -1).count() == 1;
    var out =
        LongStream.of(sizes)
            .map(s -> s == -1 && open && known > 0 ? shape.elements() / known : s)
            .toArray();
    if (LongStream.of(out).anyMatch(s -> s < 0) || Shape.of(out).elements() != shape.elements()) {
      throw new ShapeException("reshape: shape " + shape + " to " + Shape.text(sizes));
    }
    return Shape.of(out);
  }

  /**
   * Axes from 0 in a new order.
   *
   * @throws ShapeException if the order does not name each axis once
   */
  static List<Integer> order(Shape shape, int... order) {
    var axes = IntStream.of(order).map(shape::axis).boxed().toList();
    if (axes.size() != shape.rank() || axes.stream().distinct().count() != axes.size()) {
      throw new ShapeException("permute: order " + axes + " for shape " + shape);
    }
    return axes;
  }

  private static long outer(INDArray x, int axis) {
    return LongStream.of(x.shape()).limit(axis).reduce(1, (a, b) -> a * b);
  }

  private static long inner(INDArray x, int axis) {
    return LongStream.of(x.shape()).skip(axis + 1).reduce(1, (a, b) -> a * b);
  }

  private static long[] with(long[] shape, int axis, long size) {
    var sizes = shape.clone();
    sizes[axis] = size;
    return sizes;
  }
}
