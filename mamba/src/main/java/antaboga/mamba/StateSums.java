// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import java.util.Arrays;

/**
 * Sums over the states, added up in parts of {@value #PART} states, so that the sums over very many
 * states lose little.
 */
final class StateSums {
  static final int PART = 256;

  private final float[] sums;
  private final float[] parts; // what was put aside; empty where one part is enough

  StateSums(float[] sums, int states) {
    this.sums = sums;
    parts = new float[states > PART ? sums.length : 0];
  }

  /** Puts the sums aside whenever a part is complete, {@code n} states after the first. */
  void after(int n) {
    if (n % PART == 0 && parts.length > 0) {
      for (int i = 0; i < parts.length; i++) {
        parts[i] += sums[i];
      }
      Arrays.fill(sums, 0);
    }
  }

  /** Adds what was put aside. */
  void end() {
    for (int i = 0; i < parts.length; i++) {
      sums[i] += parts[i];
    }
    Arrays.fill(parts, 0);
  }
}
