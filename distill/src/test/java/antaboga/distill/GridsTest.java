// SPDX-License-Identifier: Apache-2.0
package antaboga.distill;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.GradCheck;
import antaboga.Randomized;
import antaboga.ShapeException;
import antaboga.Tensor;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class GridsTest {
  @Test
  void poolsSquareCells() {
    var x = Tensor.of(new double[] {1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 1, 1, 0, 0, 1, 1}, 1, 1, 4, 4);
    assertArrayEquals(new double[] {3.5, 5.5, 0, 1}, Grids.pool(x, 2).toDoubles(), 1e-15);
    assertEquals(x, Grids.pool(x, 4));
  }

  @Randomized
  void logitsPoolAsTheirProbabilities(Random random) {
    var logits = Draw.normal(random, 2, 1, 6, 6).mul(3);
    var p = Grids.pool(logits.sigmoid(), 2);
    assertArrayEquals(p.toDoubles(), Grids.poolLogits(logits, 2).sigmoid().toDoubles(), 1e-12);
  }

  @Test
  void certainLogitsStayFinite() {
    var certain = Tensor.full(DataType.FLOAT, 300, 1, 1, 4, 4);
    assertEquals(300, Grids.poolLogits(certain, 2).toFloats()[0], 1e-4);
    assertEquals(-300, Grids.poolLogits(certain.neg(), 2).toFloats()[0], 1e-4);
  }

  @Test
  void gradientsAgreeWithDifferences() {
    var random = new Random(1);
    GradCheck.of(in -> Grids.pool(in[0], 2), Draw.normal(random, 1, 2, 6, 6)).requireBelow(1e-6);
    GradCheck.of(in -> Grids.poolLogits(in[0], 3), Draw.normal(random, 2, 1, 6, 6))
        .requireBelow(1e-6);
  }

  @Test
  void rejectsASideThatDoesNotDivide() {
    var x = Draw.normal(new Random(2), 1, 1, 6, 6);
    var e = assertThrows(ShapeException.class, () -> Grids.pool(x, 4));
    assertTrue(e.toString().contains("side 4, expected a divisor of 6"), e.toString());
  }
}
