// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.ops.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Arrays for twin tests, and their comparison: the scalar body is the control. */
final class Twins {
  private Twins() {}

  /** Sizes around the widths of vectors. */
  static IntStream sizes() {
    return IntStream.of(1, 2, 3, 15, 16, 17, 31, 33, 64, 100, 207);
  }

  /** The available body of this name. */
  static <K> K body(List<? extends Provider<K>> all, String name) {
    var provider = all.stream().filter(p -> p.name().equals(name)).findFirst().orElseThrow();
    assertTrue(provider.unavailable().isEmpty(), provider.unavailable().toString());
    return provider.create();
  }

  /** Floats, normally distributed around {@code mean}. */
  static INDArray normal(long seed, double mean, long... shape) {
    return fill(DataType.FLOAT, seed, mean, shape);
  }

  /** Values of the type, normally distributed around {@code mean}. */
  static INDArray fill(DataType type, long seed, double mean, long... shape) {
    var out = Arrays.empty(type, shape);
    var random = new SplittableRandom(seed);
    var values = new double[Math.toIntExact(out.length())];
    for (int i = 0; i < values.length; i++) {
      double radius = Math.sqrt(-2 * Math.log(1 - random.nextDouble()));
      values[i] = mean + radius * Math.cos(2 * Math.PI * random.nextDouble());
    }
    Tiles.of(out).write(0, values, 0, values.length);
    return out;
  }

  /**
   * Requires |actual - expected| at most {@code tolerance} (1 + |expected|), element by element.
   */
  static void assertClose(INDArray expected, INDArray actual, double tolerance, String what) {
    assertArrayEquals(expected.shape(), actual.shape(), what);
    assertEquals(expected.dataType(), actual.dataType(), what);
    var e = Scalars.all(expected);
    var a = Scalars.all(actual);
    for (int i = 0; i < e.length; i++) {
      assertEquals(e[i], a[i], tolerance * (1 + Math.abs(e[i])), what + " [" + i + "]");
    }
  }

  /** Requires the same bits. */
  static void assertSame(INDArray expected, INDArray actual, String what) {
    assertArrayEquals(Scalars.all(expected), Scalars.all(actual), what);
  }
}
