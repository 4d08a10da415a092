// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import java.util.Arrays;

/**
 * Tiles that each thread keeps and uses again, so that kernels leave nothing to the collector. A
 * slot's contents are whatever was left there; a kernel uses each of its slots for one thing.
 */
public final class Scratch {
  private static final ThreadLocal<Scratch> OWN = ThreadLocal.withInitial(Scratch::new);

  private float[][] floats = new float[8][0];
  private double[][] doubles = new double[8][0];

  private Scratch() {}

  /** This thread's float tile of the slot (0 to 63), of at least the length. */
  public static float[] floats(int slot, int length) {
    var own = OWN.get();
    if (slot >= own.floats.length) {
      int size = own.floats.length;
      own.floats = Arrays.copyOf(own.floats, slot + 1);
      Arrays.fill(own.floats, size, slot + 1, new float[0]);
    }
    if (own.floats[slot].length < length) {
      own.floats[slot] = new float[length];
    }
    return own.floats[slot];
  }

  /** This thread's double tile of the slot (0 to 63), of at least the length. */
  public static double[] doubles(int slot, int length) {
    var own = OWN.get();
    if (slot >= own.doubles.length) {
      int size = own.doubles.length;
      own.doubles = Arrays.copyOf(own.doubles, slot + 1);
      Arrays.fill(own.doubles, size, slot + 1, new double[0]);
    }
    if (own.doubles[slot].length < length) {
      own.doubles[slot] = new double[length];
    }
    return own.doubles[slot];
  }
}
