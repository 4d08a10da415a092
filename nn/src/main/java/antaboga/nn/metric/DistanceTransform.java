// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.metric;

import java.util.Arrays;

/**
 * The exact Euclidean distance from every element of an image to a region, in time linear in the
 * number of elements.
 *
 * <p>Source: Felzenszwalb and Huttenlocher 2012, Distance Transforms of Sampled Functions: one pass
 * for each axis, each the lower envelope of parabolas.
 */
public final class DistanceTransform {
  private final int longest;
  // the envelope of one line: which parabolas, and from where on each is the lowest
  private final int[] vertex;
  private final double[] from;
  private final double[] line;

  private DistanceTransform(int longest) {
    this.longest = longest;
    this.vertex = new int[longest];
    this.from = new double[longest];
    this.line = new double[longest];
  }

  /**
   * Distances to the nearest element inside the region, row-major; 0 inside, infinite everywhere
   * for an empty region.
   *
   * @param spacing the size of an element along each axis, or none for 1
   * @throws antaboga.ShapeException if there is not one spacing for each axis
   * @throws IllegalArgumentException if a spacing is not a positive number
   */
  public static double[] to(Region region, double... spacing) {
    var squared = squaredTo(region, Pair.spacing(region.rank(), spacing));
    for (int i = 0; i < squared.length; i++) {
      squared[i] = Math.sqrt(squared[i]);
    }
    return squared;
  }

  static double[] squaredTo(Region region, double[] spacing) {
    var shape = region.shape();
    int elements = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    var squared = new double[elements];
    for (int i = 0; i < elements; i++) {
      squared[i] = region.contains(i) ? 0 : Double.POSITIVE_INFINITY;
    }
    if (region.isEmpty()) {
      return squared;
    }
    var transform = new DistanceTransform(Arrays.stream(shape).max().orElse(1));
    int stride = 1;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      transform.alongAxis(squared, shape[axis], stride, spacing[axis]);
      stride *= shape[axis];
    }
    return squared;
  }

  private void alongAxis(double[] squared, int size, int stride, double spacing) {
    for (int block = 0; block < squared.length; block += size * stride) {
      for (int inner = 0; inner < stride; inner++) {
        alongLine(squared, block + inner, size, stride, spacing);
      }
    }
  }

  private void alongLine(double[] squared, int start, int size, int stride, double spacing) {
    assert size <= longest;
    for (int i = 0; i < size; i++) {
      line[i] = squared[start + i * stride];
    }
    int parabolas = envelope(size, spacing * spacing);
    if (parabolas == 0) {
      return;
    }
    for (int i = 0, k = 0; i < size; i++) {
      while (k + 1 < parabolas && from[k + 1] < i) {
        k++;
      }
      double d = (i - vertex[k]) * spacing;
      squared[start + i * stride] = d * d + line[vertex[k]];
    }
  }

  /** The number of parabolas in the lower envelope of {@code line}, in units of elements. */
  private int envelope(int size, double unit) {
    int n = 0;
    for (int q = 0; q < size; q++) {
      if (line[q] == Double.POSITIVE_INFINITY) {
        continue;
      }
      double meet = Double.NEGATIVE_INFINITY;
      while (n > 0) {
        int v = vertex[n - 1];
        meet = ((line[q] - line[v]) / unit + (double) q * q - (double) v * v) / (2.0 * (q - v));
        if (meet > from[n - 1]) {
          break;
        }
        n--;
        meet = Double.NEGATIVE_INFINITY;
      }
      vertex[n] = q;
      from[n] = meet;
      n++;
    }
    return n;
  }
}
