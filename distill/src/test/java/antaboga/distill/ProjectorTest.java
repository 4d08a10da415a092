// SPDX-License-Identifier: Apache-2.0
package antaboga.distill;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.GradCheck;
import antaboga.Randomized;
import antaboga.ShapeException;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.nn.Weights;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class ProjectorTest {
  private static Weights doubles() {
    return Weights.init(1, DataType.DOUBLE);
  }

  @Test
  void mapsEveryPosition() {
    var random = new Random(1);
    var projector = new Projector(doubles(), 5, 3);
    var x = Draw.normal(random, 2, 5, 2, 3);
    var y = projector.forward(x);
    assertEquals("(2, 3, 2, 3)", y.shape().toString());
    double expected = 0;
    for (int k = 0; k < 5; k++) {
      expected +=
          projector.weight().index(0, 2).index(0, k).item()
              * x.index(0, 1).index(0, k).index(0, 1).index(0, 2).item();
    }
    assertEquals(expected, y.index(0, 1).index(0, 2).index(0, 1).index(0, 2).item(), 1e-12);
  }

  @Randomized(times = 5)
  void startsOrthonormalAtTheDirectionsOfMostVariance(Random random) {
    var axes = new PrincipalComponents(6);
    var spread = Tensor.of(new double[] {9, 0.1, 4, 0.2, 1, 0.3}, 1, 6, 1, 1);
    for (int i = 0; i < 4; i++) {
      axes.add(Draw.normal(random, 2, 6, 8, 8).mul(spread).add(3));
    }
    var projector = new Projector(doubles(), 6, 3);
    projector.start(axes);
    assertEquals(0, projector.orthogonality().item(), 1e-24);
    for (int row = 0; row < 3; row++) { // channels 0, 2, 4 in order of their spread
      assertTrue(projector.weight().index(0, row).index(0, 2L * row).item() > 0.9);
    }
  }

  @Test
  void aStartDoesNotDependOnHowVectorsAreSplit() {
    var x = Draw.normal(new Random(2), 6, 4, 5, 5);
    var whole = new PrincipalComponents(4);
    whole.add(x);
    var parts = new PrincipalComponents(4);
    parts.add(x.slice(0, 0, 1));
    parts.add(x.slice(0, 1, 6));
    assertArrayEquals(whole.leading(4).toDoubles(), parts.leading(4).toDoubles(), 1e-9);
  }

  @Test
  void anEigenvectorsLargestEntryIsPositive() {
    var axes = new PrincipalComponents(3);
    axes.add(Draw.normal(new Random(3), 1, 3, 9, 9));
    var rows = axes.leading(3);
    for (int row = 0; row < 3; row++) {
      var values = rows.index(0, row);
      assertEquals(values.abs().max(0).item(), values.max(0).item());
    }
  }

  @Test
  void orthogonalityIsZeroForTheWidthOfMedSam() {
    var axes = new PrincipalComponents(256);
    axes.add(Draw.normal(new Random(4), 1, 256, 16, 16)); // as many vectors as dimensions
    var projector = new Projector(Weights.init(1), 256, 80);
    projector.start(axes);
    assertEquals(0, projector.orthogonality().item(), 1e-12);
  }

  @Test
  void gradientsAgreeWithDifferences() {
    var projector = new Projector(doubles(), 5, 3);
    GradCheck.of(
            in -> projector.forward(in[1]),
            projector.weight(),
            Draw.normal(new Random(5), 2, 5, 2, 2))
        .requireBelow(1e-6);
    GradCheck.of(in -> projector.orthogonality(), projector.weight()).requireBelow(1e-6);
  }

  @Test
  void aFrozenOneGetsNoGradient() {
    var projector = new Projector(doubles().frozen(), 5, 3);
    try (var tape = new Tape(0)) {
      var x = tape.watch(Draw.normal(new Random(6), 1, 5, 2, 2));
      var gradients = tape.gradients(projector.forward(x).sum());
      assertFalse(gradients.of(projector.weight()).isPresent());
    }
  }

  @Test
  void rejectsAStudentWiderThanTheTeacher() {
    var e = assertThrows(ShapeException.class, () -> new Projector(doubles(), 3, 5));
    assertTrue(e.toString().contains("student width 5, teacher width 3"), e.toString());
  }

  @Test
  void componentsNeedTwoVectors() {
    var axes = new PrincipalComponents(3);
    assertThrows(IllegalStateException.class, () -> axes.leading(1));
  }
}
