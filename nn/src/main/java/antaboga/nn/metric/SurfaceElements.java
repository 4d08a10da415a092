// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.metric;

import java.util.Arrays;

/**
 * The surface of a mask as a mesh that cuts every 2 x 2 (x 2) cell of neighbouring elements at the
 * middle of its edges; one surface element for each cell that is partly inside.
 *
 * <p>The area of a cell follows from the connected groups of its corners inside, or outside where
 * those are fewer: a single corner is cut off by a triangle, an edge by a rectangle, three corners
 * of a face by a triangle and a trapezium, a face by a square, a corner with its three neighbours
 * by a hexagon, and a chain of four by four triangles. In the plane, a single corner is cut off by
 * half a diagonal, an edge by one side. This is marching cubes with all crossings in the middle,
 * and gives the weights of DeepMind's surface distance (Nikolov et al. 2021, J Med Internet Res
 * 23(7)).
 */
final class SurfaceElements {
  private final Region places;
  private final double[] areas;

  private SurfaceElements(Region places, double[] areas) {
    this.places = places;
    this.areas = areas;
  }

  /** Which cells are partly inside; cell i lies between the elements i - 1 and i of each axis. */
  Region places() {
    return places;
  }

  /** The areas of those cells, in their order. */
  double[] areas() {
    return areas;
  }

  static SurfaceElements of(Region region, double[] spacing) {
    int rank = region.rank();
    int corners = 1 << rank;
    var shape = region.shape();
    var cells = Arrays.stream(shape).map(s -> s + 1).toArray();
    var areaOf = new double[1 << corners];
    for (int code = 1; code < areaOf.length - 1; code++) {
      areaOf[code] = area(code, rank, spacing);
    }
    int total = Arrays.stream(cells).reduce(1, (a, b) -> a * b);
    var partly = new boolean[total];
    var areas = new double[total];
    int n = 0;
    var at = new int[rank];
    for (int cell = 0; cell < total; cell++) {
      int rest = cell;
      for (int axis = rank - 1; axis >= 0; axis--) {
        at[axis] = rest % cells[axis];
        rest /= cells[axis];
      }
      int code = code(region, shape, at);
      if (code != 0 && code != areaOf.length - 1) {
        partly[cell] = true;
        areas[n++] = areaOf[code];
      }
    }
    return new SurfaceElements(Region.of(partly, cells), Arrays.copyOf(areas, n));
  }

  /** Bit c is set if corner c is inside; bit a of c is the corner's place on axis a. */
  private static int code(Region region, int[] shape, int[] at) {
    int rank = shape.length;
    int code = 0;
    for (int corner = 0; corner < 1 << rank; corner++) {
      int index = 0;
      boolean outside = false;
      for (int axis = 0; axis < rank; axis++) {
        int i = at[axis] - 1 + (corner >> axis & 1);
        outside |= i < 0 || i >= shape[axis];
        index = index * shape[axis] + i;
      }
      if (!outside && region.contains(index)) {
        code |= 1 << corner;
      }
    }
    return code;
  }

  private static double area(int code, int rank, double[] spacing) {
    int corners = 1 << rank;
    int few = Integer.bitCount(code) > corners / 2 ? ~code & (1 << corners) - 1 : code;
    double area = 0;
    while (few != 0) {
      int group = grow(Integer.lowestOneBit(few), few, rank);
      area += rank == 2 ? length(group, spacing) : groupArea(group, spacing);
      few &= ~group;
    }
    return area;
  }

  /** The corners of {@code all} that edges connect with {@code seed}. */
  private static int grow(int seed, int all, int rank) {
    int group = seed;
    for (int corner = 0; corner < 1 << rank; corner++) {
      if ((group >> corner & 1) != 0) {
        for (int axis = 0; axis < rank; axis++) {
          int next = 1 << (corner ^ 1 << axis);
          if ((all & next) != 0 && (group & next) == 0) {
            return grow(group | next, all, rank);
          }
        }
      }
    }
    return group;
  }

  private static double length(int group, double[] s) {
    if (Integer.bitCount(group) == 1) {
      return 0.5 * Math.hypot(s[0], s[1]);
    }
    return edges(group, 2)[0] > 0 ? s[0] : s[1];
  }

  private static double groupArea(int group, double[] s) {
    var along = edges(group, 3);
    int size = Integer.bitCount(group);
    if (size == 1) {
      return triangle(0.125, 0.125, 0.125, s);
    }
    if (size == 2) {
      var across = new double[] {0.5, 0.5, 0.5};
      across[axisWith(along, 1)] = 0;
      return triangle(across[0], across[1], across[2], s);
    }
    if (size == 3) {
      var flat = new double[3];
      flat[axisWith(along, 0)] = 0.5;
      return triangle(flat[0], flat[1], flat[2], s) + triangle(0.375, 0.375, 0.375, s);
    }
    if (Arrays.stream(along).max().orElse(0) == 2) { // a face: two edges along two of its axes
      var flat = new double[3];
      flat[axisWith(along, 0)] = 1;
      return triangle(flat[0], flat[1], flat[2], s);
    }
    int middle = middleAxis(group);
    if (middle < 0) {
      return triangle(0.75, 0.75, 0.75, s);
    }
    double area = triangle(0.125, 0.125, 0.125, s) + triangle(0.375, 0.375, 0.375, s);
    for (int axis = 0; axis < 3; axis++) {
      if (axis != middle) {
        var side = new double[3];
        side[axis] = 0.25;
        side[middle] = 0.25;
        area += triangle(side[0], side[1], side[2], s);
      }
    }
    return area;
  }

  /** How many edges of the group run along each axis. */
  private static int[] edges(int group, int rank) {
    var along = new int[rank];
    for (int corner = 0; corner < 1 << rank; corner++) {
      for (int axis = 0; axis < rank; axis++) {
        int other = corner | 1 << axis;
        if (other != corner && (group >> corner & group >> other & 1) != 0) {
          along[axis]++;
        }
      }
    }
    return along;
  }

  private static int axisWith(int[] along, int edges) {
    for (int axis = 0; axis < along.length; axis++) {
      if (along[axis] == edges) {
        return axis;
      }
    }
    throw new IllegalStateException("no axis with " + edges + " edges: " + Arrays.toString(along));
  }

  /** The axis of a chain's middle edge; -1 for a corner with its three neighbours. */
  private static int middleAxis(int group) {
    for (int axis = 0; axis < 3; axis++) {
      for (int corner = 0; corner < 8; corner++) {
        int other = corner | 1 << axis;
        if (other != corner
            && (group >> corner & group >> other & 1) != 0
            && degree(group, corner) == 2
            && degree(group, other) == 2) {
          return axis;
        }
      }
    }
    return -1;
  }

  private static int degree(int group, int corner) {
    int degree = 0;
    for (int axis = 0; axis < 3; axis++) {
      degree += group >> (corner ^ 1 << axis) & 1;
    }
    return degree;
  }

  /** The length of an area's normal, given for unit spacing. */
  private static double triangle(double n0, double n1, double n2, double[] s) {
    double a = n0 * s[1] * s[2];
    double b = n1 * s[0] * s[2];
    double c = n2 * s[0] * s[1];
    return Math.sqrt(a * a + b * b + c * c);
  }
}
