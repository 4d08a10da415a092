// SPDX-License-Identifier: Apache-2.0
package antaboga.distill;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.GradCheck;
import antaboga.Randomized;
import antaboga.Tape;
import antaboga.Tensor;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SoftLabelsTest {
  @Randomized
  void isADivergence(Random random) {
    long classes = 1L + random.nextInt(3);
    var loss = new SoftLabels(random.nextDouble(0.5, 5));
    var student = Draw.normal(random, 2, classes, 3, 4);
    assertEquals(0, loss.of(student, student).item(), 1e-12);
    assertTrue(loss.of(student, Draw.normal(random, 2, classes, 3, 4)).item() > 0);
  }

  @Test
  void aSingleChannelIsTheLogitOfLesion() {
    double q = 1 / (1 + Math.exp(-1.5));
    double p = 1 / (1 + Math.exp(0.25));
    double expected = q * Math.log(q / p) + (1 - q) * Math.log((1 - q) / (1 - p));
    var loss =
        new SoftLabels(2)
            .of(
                Tensor.of(new double[] {-0.5}, 1, 1, 1, 1),
                Tensor.of(new double[] {3}, 1, 1, 1, 1));
    assertEquals(4 * expected, loss.item(), 1e-12);
  }

  @Test
  void gradientsAgreeWithDifferences() {
    var teacher = Draw.normal(new Random(1), 2, 1, 2, 3);
    GradCheck.of(in -> new SoftLabels(3).of(in[0], teacher), Draw.normal(new Random(2), 2, 1, 2, 3))
        .requireBelow(1e-6);
  }

  @Test
  void theTeacherGetsNoGradient() {
    try (var tape = new Tape(0)) {
      var student = tape.watch(Draw.normal(new Random(1), 1, 2, 2, 2));
      var teacher = tape.watch(Draw.normal(new Random(2), 1, 2, 2, 2));
      var gradients = tape.gradients(new SoftLabels(1).of(student, teacher));
      assertFalse(gradients.of(teacher).isPresent());
    }
  }
}
