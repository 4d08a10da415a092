// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import antaboga.Randomized;
import antaboga.Tensor;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

/** Sums, maxima and repetition along an axis, against plain loops over awkward sizes. */
class ReduceTest {
  private static final int[] SIZES = {1, 2, 3, 15, 16, 17, 31, 33, 64, 100, 207};

  private static int size(Random random) {
    return SIZES[random.nextInt(SIZES.length)];
  }

  private static Tensor draw(Random random, long... shape) {
    var x = Tensor.normal(random, shape);
    return random.nextBoolean() ? x : x.to(DataType.DOUBLE);
  }

  @Randomized(times = 100)
  void agreesWithPlainLoops(Random random) {
    int outer = random.nextInt(4) == 0 ? 5000 : size(random);
    int n = outer == 5000 ? 3 : size(random);
    int inner = outer == 5000 ? 2 : size(random);
    var x = draw(random, outer, n, inner);
    var values = x.toDoubles();
    var sums = new double[outer * inner];
    var most = new double[outer * inner];
    for (int o = 0; o < outer; o++) {
      for (int i = 0; i < inner; i++) {
        double max = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < n; k++) {
          double value = values[(o * n + k) * inner + i];
          sums[o * inner + i] += value;
          max = Math.max(max, value);
        }
        most[o * inner + i] = max;
      }
    }
    assertArrayEquals(sums, x.sum(1).toDoubles(), 1e-5);
    assertArrayEquals(most, x.max(1).toDoubles(), 0);
  }

  @Randomized(times = 50)
  void repeatsRuns(Random random) {
    int outer = size(random);
    int n = random.nextInt(4) == 0 ? 3000 : size(random);
    int inner = n == 3000 ? 5 : size(random);
    if (random.nextInt(8) == 0) {
      outer = 2;
      n = 3;
      inner = 20_000; // longer than a tile
    }
    var x = draw(random, outer, 1, inner);
    var values = x.toDoubles();
    var y = x.expand(outer, n, inner).toDoubles();
    for (int at = 0; at < y.length; at++) {
      assertEquals(values[at / (n * inner) * inner + at % inner], y[at]);
    }
  }

  @Test
  void theFirstMaximumAndTheFirstNanCount() {
    var x = Tensor.of(new float[] {1, 5, 5, 2, Float.NaN, 9}, 2, 3).array();
    assertArrayEquals(new int[] {1, 1}, Reduce.argmax(x, 1));
    assertArrayEquals(new int[] {1, 1, 1}, Reduce.argmax(x, 0));
  }
}
