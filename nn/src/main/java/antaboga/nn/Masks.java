// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Shape;
import antaboga.Tape;
import antaboga.Tensor;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;

/** Random masks of the step that is being recorded. */
final class Masks {
  private Masks() {}

  /** {@code 1 / (1 - rate)} with probability {@code 1 - rate}, else 0. */
  static Tensor keep(double rate, DataType type, long... shape) {
    var tape = Tape.current().orElseThrow();
    var random = new SplittableRandom(tape.random().nextLong());
    float kept = (float) (1 / (1 - rate));
    var values = new float[Math.toIntExact(Shape.of(shape).elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextDouble() < rate ? 0 : kept;
    }
    var mask = Tensor.of(values, shape);
    return type == DataType.FLOAT ? mask : mask.to(type);
  }

  static void requireRate(String layer, double rate) {
    if (!(rate >= 0 && rate < 1)) {
      throw new IllegalArgumentException(layer + ": rate " + rate + ", expected [0, 1)");
    }
  }
}
