// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import antaboga.GradCheck;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.distill.Draw;
import antaboga.nn.Layer;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class SupervisedTest {
  @Test
  void isHalfTheCrossEntropyAndHalfTheDiceOfTheWholeBatch() {
    var logits = Tensor.of(new double[] {0, 0, 0, 0}, 2, 1, 1, 2);
    var mask = Tensor.of(new double[] {1, 1, 0, 0}, 2, 1, 1, 2); // the second image is empty
    double dice = 1 - (2 * 1 + 1e-5) / (4 * 0.25 + 2 + 1e-5);
    assertEquals(0.5 * (Math.log(2) + dice), Supervised.loss().of(logits, mask).item(), 1e-12);
  }

  @Test
  void gradientsAgreeWithDifferences() {
    var mask = Draw.uniform(new Random(1), 0, 1, 2, 1, 3, 4);
    GradCheck.of(in -> Supervised.loss().of(in[0], mask), Draw.normal(new Random(2), 2, 1, 3, 4))
        .requireBelow(1e-6);
  }

  @Test
  void emptyMasksGiveAFiniteLoss() {
    var empty = Tensor.zeros(DataType.DOUBLE, 2, 1, 3, 3);
    var sure = Tensor.full(DataType.DOUBLE, -900, 2, 1, 3, 3);
    assertEquals(0, Supervised.loss().of(sure, empty).item(), 1e-12);
  }

  @Test
  @SuppressWarnings("try") // an open tape gives the random numbers
  void strongViewsOfLabelledImagesAreASecondTerm() {
    var batch = Blobs.batch(1, 1);
    Layer student = x -> x.slice(1, 0, 1);
    try (var tape = new Tape(1)) {
      assertEquals(Set.of("supervised"), new Supervised(student).of(batch, 0).values().keySet());
      var both = new Supervised(student, 0.7).of(batch, 0);
      assertEquals(Set.of("supervised", "strong"), both.values().keySet());
      assertEquals(0.7, both.terms().get(1).weight());
    }
  }
}
