// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import static antaboga.mamba.VectorTile.LANES;
import static antaboga.mamba.VectorTile.SPECIES;
import static antaboga.mamba.VectorTile.STEPS;
import static antaboga.mamba.VectorTile.load;

import jdk.incubator.vector.VectorMask;

/**
 * Sums over the lanes of many vectors at once. A fixed tree, where {@code reduceLanes} leaves the
 * order open: neighbours are folded into the halves of one vector, pairs into its quarters, and so
 * on.
 */
final class VectorLaneSums {
  // constants of the compiler only if each is a field of its own
  private static final VectorMask<Float> SECOND_1 = second(1);
  private static final VectorMask<Float> SECOND_2 = second(2);
  private static final VectorMask<Float> SECOND_4 = second(4);
  private static final VectorMask<Float> SECOND_8 = second(8);

  private VectorLaneSums() {}

  /** The lanes whose number has this bit. */
  private static VectorMask<Float> second(int bit) {
    var lanes = new boolean[LANES];
    for (int i = 0; i < LANES; i++) {
      lanes[i] = (i & bit) != 0;
    }
    return VectorMask.fromArray(SPECIES, lanes, 0);
  }

  /** Replaces vectors by their sums, one float for each, at the start of the array. */
  static void sum(float[] vectors) {
    int count = vectors.length / LANES;
    fold1(vectors, count / 2);
    fold2(vectors, count / 4);
    if (LANES > 4) {
      fold4(vectors, count / 8);
    }
    if (LANES > 8) {
      fold8(vectors, count / 16);
    }
  }

  private static void fold1(float[] vectors, int count) {
    for (int i = 0; i < count; i++) {
      fold(vectors, i, 1, SECOND_1);
    }
  }

  private static void fold2(float[] vectors, int count) {
    for (int i = 0; i < count; i++) {
      fold(vectors, i, 2, SECOND_2);
    }
  }

  private static void fold4(float[] vectors, int count) {
    for (int i = 0; i < count; i++) {
      fold(vectors, i, 4, SECOND_4);
    }
  }

  private static void fold8(float[] vectors, int count) {
    for (int i = 0; i < count; i++) {
      fold(vectors, i, 8, SECOND_8);
    }
  }

  /** Adds neighbours at a distance: a load from there costs less than moving lanes. */
  private static void fold(float[] vectors, int i, int far, VectorMask<Float> second) {
    int at = 2 * i * LANES;
    var p = load(vectors, at).add(load(vectors, at + far));
    var q = load(vectors, at + LANES).add(load(vectors, at + LANES - far));
    p.blend(q, second).intoArray(vectors, i * LANES);
  }

  /** Sums up runs of {@code STEPS} vectors, which are lost; each run becomes a line. */
  static void move(float[] vectors, int runs, float[] lines, int to) {
    sum(vectors);
    System.arraycopy(vectors, 0, lines, to, runs * STEPS);
  }
}
