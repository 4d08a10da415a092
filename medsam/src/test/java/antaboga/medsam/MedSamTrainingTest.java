// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.io.Checkpoint;
import antaboga.medsam.model.Sam;
import antaboga.medsam.model.Sizes;
import antaboga.medsam.model.TrainedParts;
import antaboga.nn.Weights;
import antaboga.nn.optim.AdamW;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

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
  void trainsTheAskedPartsAlone() {
    for (var parts : TrainedParts.values()) {
      var before = Weights.init(7);
      var others = Weights.init(7);
      new Sam(before, Sizes.tiny());
      var sam = Sam.training(others, Sizes.tiny(), parts);
      var its = new AdamW(AdamW.Config.of(2e-3), others.trainable());
      new MedSamTraining(sam).step(squares(false), boxes, squares(true), its, 2e-3, 0);
      assertEquals(parts.encoder(), differs(before, others, "image_encoder"), parts::toString);
      assertEquals(parts.prompts(), differs(before, others, "prompt_encoder"), parts::toString);
      assertTrue(differs(before, others, "mask_decoder"), parts::toString);
    }
  }

  private static boolean differs(Weights one, Weights other, String part) {
    var a = one.at(part).all();
    var b = other.at(part).all();
    return IntStream.range(0, a.size())
        .anyMatch(i -> !Arrays.equals(a.get(i).toFloats(), b.get(i).toFloats()));
  }

  @Test
  void frozenEncoderLeavesNothingOnTheTape() {
    var sam = Sam.training(Weights.init(7), Sizes.tiny(), TrainedParts.DECODER);
    try (var tape = new Tape(0)) {
      new MedSamTraining(sam).encode(squares(false));
      assertEquals("Tape of 0 operations", tape.toString());
    }
  }

  @Test
  void stepsOnEmbeddingsAreStepsOnImages() {
    var one = Weights.init(7);
    var other = Weights.init(7);
    var first = new MedSamTraining(Sam.training(one, Sizes.tiny(), TrainedParts.DECODER));
    var second = new MedSamTraining(Sam.training(other, Sizes.tiny(), TrainedParts.DECODER));
    var ofOne = new AdamW(AdamW.Config.of(2e-3), one.trainable());
    var ofOther = new AdamW(AdamW.Config.of(2e-3), other.trainable());
    var encoded = second.encode(squares(false));
    for (int step = 0; step < 2; step++) {
      first.step(squares(false), boxes, squares(true), ofOne, 2e-3, step);
      second.stepEncoded(encoded, boxes, squares(true), ofOther, 2e-3, step);
    }
    assertFalse(differs(one, other, "mask_decoder"));
  }

  @Test
  void refusesEmbeddingsWhereTheEncoderIsTrained() {
    var encoded = training.encode(squares(false));
    var error =
        assertThrows(
            IllegalStateException.class,
            () -> training.stepEncoded(encoded, boxes, squares(true), optimizer, 1e-3, 0));
    assertTrue(String.valueOf(error.getMessage()).contains("TrainedParts.DECODER"));
  }

  @Test
  void goesOnFromEveryKindOfFile(@TempDir Path folder) throws IOException {
    var plain = weights.arrays();
    var renamed = new LinkedHashMap<String, INDArray>();
    plain.forEach((name, array) -> renamed.put(Sizes.huggingFace(name), array));
    for (var arrays : List.of(plain, renamed)) {
      var file = folder.resolve("start.safetensors");
      Checkpoint.of(arrays).save(file);
      var start = TrainableSam.load(file, TrainedParts.DECODER);
      assertEquals(TrainableSam.sizes(file), start.sam().config());
      assertTrue(start.sam().hasFrozenEncoder());
      assertEquals(plain.keySet(), start.weights().arrays().keySet());
      assertEquals(
          start.weights().at("mask_decoder").trainable().size(),
          start.weights().trainable().size());
    }
  }

  @Test
  void lossIsDicePlusCrossEntropy() {
    var losses = training.step(squares(false), boxes, squares(true), optimizer, 0, 0);
    assertEquals(losses.dice() + losses.crossEntropy(), losses.total(), 1e-6);
  }
}
