// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("vector")
class VectorExpTest {
  private static final int LANES = VectorLanes.FLOAT.length();

  @Test
  void isAccurateBetweenTheLeastAndTheMost() {
    var x = new float[1 << 20];
    for (int i = 0; i < x.length; i++) {
      x[i] = -87.33f + 175.33f * i / (x.length - 1);
    }
    var y = x.clone();
    VectorExp.exp(y, 0, y.length, 0);
    double worst = 0;
    for (int i = 0; i < x.length; i++) {
      double exact = Math.exp(x[i]);
      worst = Math.max(worst, Math.abs(y[i] - exact) / Math.ulp((float) exact));
    }
    double ulps = worst;
    assertTrue(ulps < 1.6, () -> "error of " + ulps + " ulp");
  }

  @Test
  void isZeroFarBelowAndNaNForNaN() {
    var x = new float[LANES];
    Arrays.fill(x, Float.NEGATIVE_INFINITY);
    x[1] = -88;
    assertEquals(0, VectorExp.exp(x, 0, LANES, 0));
    assertEquals(0, x[0]);
    assertEquals(0, x[1]);
    x[1] = Float.NaN;
    assertEquals(Float.NaN, VectorExp.exp(x, 0, LANES, 0));
    assertEquals(Float.NaN, x[1]);
    assertEquals(1, x[0]);
  }

  @Test
  void takesEachLanesOwnSubtrahendInStridedVectors() {
    int step = 3 * LANES;
    var random = new SplittableRandom(5);
    var x = new float[4 * step];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextDouble(-5, 0);
    }
    var less = new float[LANES];
    for (int lane = 0; lane < LANES; lane++) {
      less[lane] = lane / 4f;
    }
    var y = x.clone();
    var sums = new float[LANES];
    VectorExp.exp(y, LANES, 4, step, less, 0, sums, 0);
    var expected = new double[LANES];
    for (int i = 0; i < x.length; i++) {
      int lane = i % LANES;
      boolean taken = i % step / LANES == 1;
      double e = Math.exp(x[i] - less[lane]);
      assertEquals(taken ? e : x[i], y[i], 1e-6 * (taken ? e : 1));
      expected[lane] += taken ? e : 0;
    }
    for (int lane = 0; lane < LANES; lane++) {
      assertEquals(expected[lane], sums[lane], 1e-6 * expected[lane]);
    }
  }
}
