// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import antaboga.GradCheck;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.distill.Draw;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MeanTeacherTest {
  @Test
  void countsConfidentPixelsAndDividesByAll() {
    var logits = Tensor.of(new double[] {0, 0}, 1, 1, 1, 2);
    var average = Tensor.of(new double[] {0.9, 0.6}, 1, 1, 1, 2);
    assertEquals((0.16 + 0.01) / 2, new MeanTeacher(0.5).of(logits, average).item(), 1e-12);
    assertEquals(0.16 / 2, new MeanTeacher(0.7).of(logits, average).item(), 1e-12);
  }

  @Test
  void gradientsAgreeWithDifferencesAndTheAverageGetsNone() {
    var average = Draw.uniform(new Random(1), 0, 1, 2, 1, 3, 3);
    GradCheck.of(
            in -> new MeanTeacher(0.7).of(in[0], average), Draw.normal(new Random(2), 2, 1, 3, 3))
        .requireBelow(1e-6);
    try (var tape = new Tape(0)) {
      var q = tape.watch(average);
      var s = tape.watch(Draw.normal(new Random(3), 2, 1, 3, 3));
      assertFalse(tape.gradients(new MeanTeacher(0.5).of(s, q)).of(q).isPresent());
    }
  }

  @Test
  void theRampRisesFromItsStartToOne() {
    var ramp = Rampup.over(300);
    assertEquals(0, ramp.at(19));
    assertEquals(Math.exp(-5 * Math.pow(1 - 20 / 120.0, 2)), ramp.at(20), 1e-12);
    assertEquals(1, ramp.at(120));
    assertEquals(1, ramp.at(299));
  }
}
