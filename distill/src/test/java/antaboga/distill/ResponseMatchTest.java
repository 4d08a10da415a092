// SPDX-License-Identifier: Apache-2.0
package antaboga.distill;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.GradCheck;
import antaboga.Randomized;
import antaboga.Tape;
import antaboga.Tensor;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ResponseMatchTest {
  private static final ResponseMatch LOSS = ResponseMatch.normalized();

  @Randomized
  void equalResponsesCostNothing(Random random) {
    var clean = Draw.normal(random, 2, 3, 4, 4);
    var perturbed = Draw.normal(random, 2, 3, 4, 4);
    assertEquals(0, LOSS.of(clean, perturbed, clean, perturbed).item());
  }

  @Randomized
  void oppositeResponsesCostTwo(Random random) {
    var clean = Draw.normal(random, 2, 3, 4, 4);
    var response = Draw.normal(random, 2, 3, 4, 4);
    var value = LOSS.of(clean, clean.add(response), clean, clean.sub(response)).item();
    assertEquals(2, value, 1e-6);
  }

  @Randomized
  void liesBetweenZeroAndTwo(Random random) {
    var maps = new Tensor[4];
    for (int i = 0; i < 4; i++) {
      maps[i] = Draw.normal(random, 2, 3, 4, 4);
    }
    var value = LOSS.of(maps[0], maps[1], maps[2], maps[3]).item();
    assertTrue(value >= 0 && value <= 2, "" + value);
  }

  @Test
  void twoMissingResponsesCostNothing() {
    var student = Draw.normal(new Random(1), 1, 2, 3, 3);
    var target = Draw.normal(new Random(2), 1, 2, 3, 3);
    assertEquals(0, LOSS.of(student, student, target, target).item());
  }

  /** Deviations and energy are constants, so the differences are taken with both frozen. */
  @Test
  void gradientsAgreeWithDifferencesOfTheFrozenForm() {
    var random = new Random(3);
    var maps = new Tensor[4];
    for (int i = 0; i < 4; i++) {
      maps[i] = Draw.normal(random, 2, 3, 4, 3);
    }
    var scaleOfStudent = deviation(maps[0]).pow(-1);
    var scaleOfTarget = deviation(maps[2]).pow(-1);
    var energy =
        energy(maps[1].sub(maps[0]).mul(scaleOfStudent))
            .add(energy(maps[3].sub(maps[2]).mul(scaleOfTarget)))
            .add(1e-8);
    java.util.function.Function<Tensor[], Tensor> frozen =
        in -> {
          var student = in[1].sub(in[0]).mul(scaleOfStudent);
          var target = in[3].sub(in[2]).mul(scaleOfTarget);
          return energy(student.sub(target)).div(energy).mean();
        };
    GradCheck.of(frozen, maps).requireBelow(1e-6);
    assertEquals(
        frozen.apply(maps).item(), LOSS.of(maps[0], maps[1], maps[2], maps[3]).item(), 1e-12);
    var expected = gradients(frozen, maps);
    var actual = gradients(in -> LOSS.of(in[0], in[1], in[2], in[3]), maps);
    for (int i = 0; i < 4; i++) {
      assertArrayEquals(expected[i], actual[i], 1e-12);
    }
  }

  private static double[][] gradients(
      java.util.function.Function<Tensor[], Tensor> loss, Tensor[] inputs) {
    try (var tape = new Tape(0)) {
      var leaves = new Tensor[inputs.length];
      for (int i = 0; i < leaves.length; i++) {
        leaves[i] = tape.watch(inputs[i]);
      }
      var gradients = tape.gradients(loss.apply(leaves));
      var values = new double[leaves.length][];
      for (int i = 0; i < leaves.length; i++) {
        values[i] = gradients.of(leaves[i]).orElseThrow().toDoubles();
      }
      return values;
    }
  }

  private static Tensor deviation(Tensor x) {
    var centred = x.sub(x.meanKeep(2, 3));
    return centred.mul(centred).meanKeep(2, 3).add(1e-5).sqrt();
  }

  private static Tensor energy(Tensor response) {
    return response.mul(response).sum(1, 2, 3);
  }
}
