// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import static antaboga.mamba.VectorTile.LANES;
import static antaboga.mamba.VectorTile.SPECIES;
import static antaboga.mamba.VectorTile.STEPS;
import static antaboga.mamba.VectorTile.load;

import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

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
  private static final VectorShuffle<Float> SWAP_1 = swap(1);
  private static final VectorShuffle<Float> SWAP_2 = swap(2);
  private static final VectorShuffle<Float> SWAP_4 = swap(4);
  private static final VectorShuffle<Float> SWAP_8 = swap(8);

  private VectorLaneSums() {}

  /** The lanes whose number has this bit. */
  private static VectorMask<Float> second(int bit) {
    var lanes = new boolean[LANES];
    for (int i = 0; i < LANES; i++) {
      lanes[i] = (i & bit) != 0;
    }
    return VectorMask.fromArray(SPECIES, lanes, 0);
  }

  private static VectorShuffle<Float> swap(int bit) {
    return VectorShuffle.fromOp(SPECIES, i -> (i ^ bit) % LANES);
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
      fold(vectors, i, SECOND_1, SWAP_1);
    }
  }

  private static void fold2(float[] vectors, int count) {
    for (int i = 0; i < count; i++) {
      fold(vectors, i, SECOND_2, SWAP_2);
    }
  }

  private static void fold4(float[] vectors, int count) {
    for (int i = 0; i < count; i++) {
      fold(vectors, i, SECOND_4, SWAP_4);
    }
  }

  private static void fold8(float[] vectors, int count) {
    for (int i = 0; i < count; i++) {
      fold(vectors, i, SECOND_8, SWAP_8);
    }
  }

  private static void fold(
      float[] vectors, int i, VectorMask<Float> second, VectorShuffle<Float> swap) {
    var p = load(vectors, 2 * i * LANES);
    var q = load(vectors, (2 * i + 1) * LANES);
    p.blend(q, second).add(q.blend(p, second).rearrange(swap)).intoArray(vectors, i * LANES);
  }

  /** Sums up runs of {@code STEPS} vectors, which are lost; each run becomes a line. */
  static void move(float[] vectors, int runs, float[] lines, int to) {
    sum(vectors);
    System.arraycopy(vectors, 0, lines, to, runs * STEPS);
  }
}
