// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.metric;

import antaboga.Shape;
import antaboga.ShapeException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The foreground of an image or a volume: a binary mask (H, W) or (D, H, W). A value; it never
 * changes.
 */
public final class Region {
  private final boolean[] inside;
  private final int[] shape;
  private final int count;

  private Region(boolean[] inside, int[] shape) {
    this.inside = inside;
    this.shape = shape;
    int set = 0;
    for (boolean b : inside) {
      set += b ? 1 : 0;
    }
    this.count = set;
  }

  /**
   * The elements that are true, in row-major order.
   *
   * @throws ShapeException if there are not two or three axes, or not as many elements as they say
   */
  public static Region of(boolean[] inside, int... shape) {
    check(inside.length, shape);
    return new Region(inside.clone(), shape.clone());
  }

  /** The bytes that are not zero, in row-major order; see {@link #of(boolean[], int...)}. */
  public static Region of(byte[] values, int... shape) {
    check(values.length, shape);
    var inside = new boolean[values.length];
    for (int i = 0; i < inside.length; i++) {
      inside[i] = values[i] != 0;
    }
    return new Region(inside, shape.clone());
  }

  /**
   * The values above a threshold, in row-major order: probabilities above 0.5, logits above 0. NaN
   * is outside.
   */
  public static Region above(float[] values, double threshold, int... shape) {
    check(values.length, shape);
    var inside = new boolean[values.length];
    for (int i = 0; i < inside.length; i++) {
      inside[i] = values[i] > threshold;
    }
    return new Region(inside, shape.clone());
  }

  private static void check(int elements, int... shape) {
    var sizes = Arrays.stream(shape).asLongStream().toArray();
    if (shape.length < 2 || shape.length > 3) {
      throw new ShapeException(
          "region of shape " + Shape.text(sizes) + ", expected (H, W) or (D, H, W)");
    }
    if (Shape.of(sizes).elements() != elements) {
      throw new ShapeException(
          "region of shape " + Shape.text(sizes) + " from " + elements + " elements");
    }
  }

  /** The sizes of the axes, as a new array. */
  public int[] shape() {
    return shape.clone();
  }

  /** The number of axes, two or three. */
  public int rank() {
    return shape.length;
  }

  /** The number of elements inside. */
  public int count() {
    return count;
  }

  /** Whether no element is inside. */
  public boolean isEmpty() {
    return count == 0;
  }

  /** Whether the element with this row-major number is inside. */
  public boolean contains(int index) {
    return inside[index];
  }

  /** The mask as bytes 0 and 1, row-major. */
  public byte[] toBytes() {
    var bytes = new byte[inside.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (inside[i] ? 1 : 0);
    }
    return bytes;
  }

  /**
   * The smallest box that holds the region: first and last index of every axis, both inclusive, as
   * (first_0, last_0, first_1, last_1, …); empty for an empty region.
   */
  public Optional<int[]> bounds() {
    if (count == 0) {
      return Optional.empty();
    }
    int rank = shape.length;
    var box = new int[2 * rank];
    for (int axis = 0; axis < rank; axis++) {
      box[2 * axis] = Integer.MAX_VALUE;
      box[2 * axis + 1] = -1;
    }
    int width = shape[rank - 1];
    int height = shape[rank - 2];
    for (int row = 0; row < inside.length / Math.max(1, width); row++) {
      int first = 0;
      while (first < width && !inside[row * width + first]) {
        first++;
      }
      if (first == width) {
        continue;
      }
      int last = width - 1;
      while (!inside[row * width + last]) {
        last--;
      }
      widen(box, rank - 1, first, last);
      widen(box, rank - 2, row % height, row % height);
      if (rank == 3) {
        widen(box, 0, row / height, row / height);
      }
    }
    return Optional.of(box);
  }

  private static void widen(int[] box, int axis, int first, int last) {
    box[2 * axis] = Math.min(box[2 * axis], first);
    box[2 * axis + 1] = Math.max(box[2 * axis + 1], last);
  }

  /**
   * The connected parts, the largest first; of equal ones that with the first element. Elements
   * connect through faces, and for {@link Connectivity#FULL} through edges and corners too.
   */
  public List<Region> components(Connectivity connectivity) {
    var steps = connectivity.steps(shape.length);
    var seen = new boolean[inside.length];
    var queue = new int[count];
    var parts = new ArrayList<Region>();
    for (int start = 0; start < inside.length; start++) {
      if (inside[start] && !seen[start]) {
        parts.add(flood(start, steps, seen, queue));
      }
    }
    parts.sort(Comparator.comparingInt(Region::count).reversed());
    return List.copyOf(parts);
  }

  private Region flood(int start, int[][] steps, boolean[] seen, int[] queue) {
    var part = new boolean[inside.length];
    int head = 0;
    int tail = 0;
    queue[tail++] = start;
    seen[start] = true;
    while (head < tail) {
      int here = queue[head++];
      part[here] = true;
      for (var step : steps) {
        int next = neighbour(here, step);
        if (next >= 0 && inside[next] && !seen[next]) {
          seen[next] = true;
          queue[tail++] = next;
        }
      }
    }
    return new Region(part, shape);
  }

  /** The elements inside that have a neighbour outside; beyond the image is outside. */
  Region border(Connectivity connectivity) {
    var steps = connectivity.steps(shape.length);
    var border = new boolean[inside.length];
    for (int i = 0; i < inside.length; i++) {
      border[i] = inside[i] && touchesOutside(i, steps);
    }
    return new Region(border, shape);
  }

  private boolean touchesOutside(int index, int[][] steps) {
    for (var step : steps) {
      int next = neighbour(index, step);
      if (next < 0 || !inside[next]) {
        return true;
      }
    }
    return false;
  }

  /** The number of the element one step away, or -1 beyond the image. */
  private int neighbour(int index, int[] step) {
    int rest = index;
    int next = 0;
    int stride = 1;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      int at = rest % shape[axis] + step[axis];
      if (at < 0 || at >= shape[axis]) {
        return -1;
      }
      next += at * stride;
      rest /= shape[axis];
      stride *= shape[axis];
    }
    return next;
  }

  /** The part of the image within a box as {@link #bounds} gives it. */
  Region crop(int[] box) {
    int rank = shape.length;
    var sizes = new int[rank];
    int elements = 1;
    for (int axis = 0; axis < rank; axis++) {
      sizes[axis] = box[2 * axis + 1] - box[2 * axis] + 1;
      elements *= sizes[axis];
    }
    var cut = new boolean[elements];
    int width = sizes[rank - 1];
    for (int row = 0; row < elements / width; row++) {
      int y = row % sizes[rank - 2] + box[2 * (rank - 2)];
      int z = rank == 3 ? row / sizes[1] + box[0] : 0;
      int from = (z * shape[rank - 2] + y) * shape[rank - 1] + box[2 * (rank - 1)];
      System.arraycopy(inside, from, cut, row * width, width);
    }
    return new Region(cut, sizes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Region that
        && Arrays.equals(shape, that.shape)
        && Arrays.equals(inside, that.inside);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(shape) + Arrays.hashCode(inside);
  }

  @Override
  public String toString() {
    var sizes = Arrays.stream(shape).asLongStream().toArray();
    return "Region" + Shape.text(sizes) + " with " + count + " inside";
  }
}
