// SPDX-License-Identifier: Apache-2.0
package antaboga;

import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** The sizes of a tensor's axes. Prints as {@code (2, 3)}. */
public final class Shape {
  private final long[] sizes;

  private Shape(long[] sizes) {
    this.sizes = sizes;
  }

  /**
   * A shape of the given sizes; none for a scalar.
   *
   * @throws ShapeException if a size is negative or their product does not fit a long
   */
  public static Shape of(long... sizes) {
    long elements = 1;
    for (long size : sizes) {
      if (size < 0) {
        throw new ShapeException("shape " + text(sizes) + ": sizes must not be negative");
      }
      try {
        elements = Math.multiplyExact(elements, size);
      } catch (ArithmeticException e) {
        throw new ShapeException("shape " + text(sizes) + ": more elements than a long can count");
      }
    }
    return new Shape(sizes.clone());
  }

  /** The number of axes. */
  public int rank() {
    return sizes.length;
  }

  /** The size of an axis; a negative axis counts from the end. */
  public long size(int axis) {
    return sizes[axis(axis)];
  }

  /** The number of elements. */
  public long elements() {
    return LongStream.of(sizes).reduce(1, (a, b) -> a * b);
  }

  /**
   * The axis as a number from 0; a negative one counts from the end.
   *
   * @throws ShapeException if there is no such axis
   */
  public int axis(int axis) {
    int fromStart = axis < 0 ? axis + sizes.length : axis;
    if (fromStart < 0 || fromStart >= sizes.length) {
      throw new ShapeException(
          "axis " + axis + " of shape " + this + ", which has " + sizes.length + " axes");
    }
    return fromStart;
  }

  /** The sizes, as a new array. */
  public long[] toArray() {
    return sizes.clone();
  }

  /**
   * The shape that both broadcast to, by NumPy's rule: aligned at the end, size 1 stretches.
   *
   * @throws ShapeException if two sizes differ and neither is 1
   */
  public Shape broadcast(Shape other) {
    int rank = Math.max(rank(), other.rank());
    var out = new long[rank];
    for (int i = 1; i <= rank; i++) {
      long a = i <= rank() ? sizes[rank() - i] : 1;
      long b = i <= other.rank() ? other.sizes[other.rank() - i] : 1;
      if (a != b && a != 1 && b != 1) {
        throw new ShapeException("shapes " + this + " and " + other + " do not broadcast");
      }
      out[rank - i] = a == 1 ? b : a;
    }
    return new Shape(out);
  }

  /** Sizes as they print, {@code (2, 3)}. */
  public static String text(long... sizes) {
    return LongStream.of(sizes)
        .mapToObj(Long::toString)
        .collect(Collectors.joining(", ", "(", ")"));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(sizes, shape.sizes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(sizes);
  }

  @Override
  public String toString() {
    return text(sizes);
  }
}
