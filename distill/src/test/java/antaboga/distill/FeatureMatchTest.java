// SPDX-License-Identifier: Apache-2.0
package antaboga.distill;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.GradCheck;
import antaboga.Randomized;
import antaboga.ShapeException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FeatureMatchTest {
  private static final FeatureMatch LOSS = FeatureMatch.normalized();

  @Randomized
  void scaleAndOffsetOfAChannelDoNotMatter(Random random) {
    var student = Draw.normal(random, 2, 3, 4, 5);
    var target = Draw.normal(random, 2, 3, 4, 5);
    var scaled =
        student
            .mul(Draw.uniform(random, 0.5, 20, 1, 3, 1, 1))
            .add(Draw.uniform(random, -9, 9, 1, 3, 1, 1));
    assertEquals(LOSS.of(student, target).item(), LOSS.of(scaled, target).item(), 2e-4);
  }

  @Randomized
  void liesBetweenEqualAndOpposite(Random random) {
    var student = Draw.normal(random, 2, 3, 4, 5);
    var value = LOSS.of(student, Draw.normal(random, 2, 3, 4, 5)).item();
    assertTrue(value > 0 && value < 4, "" + value);
    assertEquals(0, LOSS.of(student, student).item());
    assertEquals(4, LOSS.of(student, student.neg()).item(), 1e-3);
  }

  @Test
  void constantFeaturesGiveAFiniteLoss() {
    var constant = Draw.normal(new Random(1), 1, 2, 3, 3).mul(0).add(5);
    assertEquals(0, LOSS.of(constant, constant).item(), 1e-12);
  }

  @Test
  void gradientsAgreeWithDifferences() {
    var random = new Random(2);
    GradCheck.of(
            in -> LOSS.of(in[0], in[1]),
            Draw.normal(random, 2, 3, 3, 5),
            Draw.normal(random, 2, 3, 3, 5))
        .requireBelow(1e-6);
  }

  @Test
  void rejectsMapsOfOtherSizes() {
    var random = new Random(3);
    var e =
        assertThrows(
            ShapeException.class,
            () -> LOSS.of(Draw.normal(random, 1, 2, 4, 4), Draw.normal(random, 1, 2, 8, 8)));
    assertTrue(e.toString().contains("H = 4 as in student"), e.toString());
  }
}
