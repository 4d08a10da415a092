// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.Tensor;
import antaboga.medsam.model.Sam;
import antaboga.medsam.model.Sizes;
import antaboga.nn.Weights;
import antaboga.nn.optim.AdamW;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class MedSamTrainingTest {
  private final Weights weights = Weights.init(7);
  private final MedSamTraining training =
      new MedSamTraining(Sam.withFrozenPrompts(weights, Sizes.tiny()));
  private final AdamW optimizer = new AdamW(AdamW.Config.of(2e-3), weights.trainable());
  private final int side = Sizes.tiny().input();

  // a bright square on noise, and its mask
  private Tensor squares(boolean mask) {
    var random = new SplittableRandom(1);
    var values = new float[2 * (mask ? 1 : 3) * side * side];
    for (int i = 0; i < values.length; i++) {
      int x = i % side;
      int y = i / side % side;
      boolean inside = x >= 8 && x < 24 && y >= 4 && y < 20;
      values[i] = mask ? (inside ? 1 : 0) : (inside ? 0.7f : 0) + 0.3f * random.nextFloat();
    }
    return Tensor.of(values, 2, mask ? 1 : 3, side, side);
  }

  private final Tensor boxes = Tensor.of(new float[] {8, 4, 23, 19, 6, 3, 25, 22}, 2, 4);

  @Test
  void lossFallsOnOneBatch() {
    double first = 0;
    double last = 0;
    for (int step = 0; step < 30; step++) {
      last = training.step(squares(false), boxes, squares(true), optimizer, 2e-3, step).total();
      first = step == 0 ? last : first;
    }
    assertTrue(last < 0.5 * first, first + " to " + last);
  }

  @Test
  void promptEncoderStaysBitForBit() {
    var before = weights.at("prompt_encoder").all().stream().map(Tensor::toFloats).toList();
    training.step(squares(false), boxes, squares(true), optimizer, 2e-3, 0);
    var after = weights.at("prompt_encoder").all().stream().map(Tensor::toFloats).toList();
    for (int i = 0; i < before.size(); i++) {
      assertArrayEquals(before.get(i), after.get(i));
    }
  }

  @Test
  void nonFiniteLossLeavesTheWeights() {
    var images = Tensor.full(DataType.FLOAT, Double.NaN, 2, 3, side, side);
    var before = weights.all().stream().map(Tensor::toFloats).toList();
    var error =
        assertThrows(
            ArithmeticException.class,
            () -> training.step(images, boxes, squares(true), optimizer, 1e-3, 0));
    assertTrue(String.valueOf(error.getMessage()).contains("operation"), error::toString);
    for (int i = 0; i < before.size(); i++) {
      assertArrayEquals(before.get(i), weights.all().get(i).toFloats());
    }
  }

  @Test
  void recomputedTrainingGivesTheSameBits() {
    var others = Weights.init(7);
    var recomputed = new MedSamTraining(Sam.withFrozenPrompts(others, Sizes.tiny()).recomputed());
    var its = new AdamW(AdamW.Config.of(2e-3), others.trainable());
    for (int step = 0; step < 2; step++) {
      training.step(squares(false), boxes, squares(true), optimizer, 2e-3, step);
      recomputed.step(squares(false), boxes, squares(true), its, 2e-3, step);
    }
    for (int i = 0; i < others.all().size(); i++) {
      var parameter = others.all().get(i);
      assertArrayEquals(
          weights.all().get(i).toFloats(), parameter.toFloats(), parameter.toString());
    }
  }

  @Test
  void lossIsDicePlusCrossEntropy() {
    var losses = training.step(squares(false), boxes, squares(true), optimizer, 0, 0);
    assertEquals(losses.dice() + losses.crossEntropy(), losses.total(), 1e-6);
  }
}
