// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.metric;

import java.util.ArrayList;

/** Which elements of an image are neighbours. */
public enum Connectivity {
  /** Those that share a face: 4 in an image, 6 in a volume. The boundary of our metrics. */
  FACES,
  /** Those that share at least an edge: 18 in a volume; in an image the same as {@link #FULL}. */
  EDGES,
  /** Those that share at least a corner: 8 in an image, 26 in a volume. */
  FULL;

  /** The steps to all neighbours, one entry for each axis. */
  int[][] steps(int rank) {
    var steps = new ArrayList<int[]>();
    int all = rank == 2 ? 9 : 27;
    int most =
        switch (this) {
          case FACES -> 1;
          case EDGES -> 2;
          case FULL -> rank;
        };
    for (int code = 0; code < all; code++) {
      var step = new int[rank];
      int moved = 0;
      for (int axis = rank - 1, rest = code; axis >= 0; axis--, rest /= 3) {
        step[axis] = rest % 3 - 1;
        moved += Math.abs(step[axis]);
      }
      if (moved > 0 && moved <= most) {
        steps.add(step);
      }
    }
    return steps.toArray(new int[0][]);
  }
}
