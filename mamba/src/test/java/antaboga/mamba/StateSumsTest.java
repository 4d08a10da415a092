// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class StateSumsTest {
  private static float sum(int states) {
    var rows = new float[1];
    var sums = new StateSums(rows, states);
    for (int n = 0; n < states; n++) {
      rows[0] += 0.1f;
      sums.after(n + 1);
    }
    sums.end();
    return rows[0];
  }

  @Test
  void loseLittleOverManyStates() {
    for (int states : new int[] {1, 255, 256, 257, 512, 65_536}) {
      double exact = (double) 0.1f * states;
      assertEquals(exact, sum(states), exact * 1e-5, states + " states");
    }
  }

  @Test
  void beginAnewAfterTheEnd() {
    var rows = new float[] {1, 2};
    var sums = new StateSums(rows, 1000);
    sums.after(StateSums.PART);
    assertArrayEquals(new float[] {0, 0}, rows);
    sums.end();
    sums.end();
    assertArrayEquals(new float[] {1, 2}, rows);
  }
}
