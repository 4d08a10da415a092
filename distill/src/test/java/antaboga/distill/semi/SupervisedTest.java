// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import antaboga.GradCheck;
import antaboga.Tensor;
import antaboga.distill.Draw;
import java.util.Random;
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
}
