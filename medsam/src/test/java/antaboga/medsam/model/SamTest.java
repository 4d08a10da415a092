// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.GradCheck;
import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.Tensor;
import antaboga.nn.Weights;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;

class SamTest {
  private static Tensor doubles(long seed, long... shape) {
    return Tensor.normal(new SplittableRandom(seed), shape).to(DataType.DOUBLE);
  }

  private static Tensor random(long... shape) {
    return Tensor.normal(new SplittableRandom(4), shape);
  }

  @ParameterizedTest
  @CsvSource({
    "t6, 3529792, 7594352",
    "t8, 7268608, 11333168",
    "t12, 22423936, 26488496",
    "t6of8, 3572800, 7637360"
  })
  void teachersHaveTheirNumberOfParameters(String name, long encoder, long all) {
    var config =
        switch (name) {
          case "t6" -> MedSamConfig.t6();
          case "t8" -> MedSamConfig.t8();
          case "t12" -> MedSamConfig.t12();
          default -> MedSamConfig.t6of8();
        };
    var weights = Weights.init(1);
    assertEquals(config, new Sam(weights, config).config());
    assertEquals(all, weights.count());
    assertEquals(encoder, weights.at("image_encoder").count());
    assertEquals(6_220, weights.at("prompt_encoder").count());
    assertEquals(4_058_340, weights.at("mask_decoder").count());
  }

  @Test
  void frozenPromptsAreNotTrained() {
    var weights = Weights.init(1);
    assertEquals(Sizes.tiny(), Sam.withFrozenPrompts(weights, Sizes.tiny()).config());
    assertTrue(weights.at("prompt_encoder").trainable().isEmpty());
  }

  @Test
  void embeddingIsAGridOfChannels() {
    var sam = new Sam(Weights.init(1), Sizes.tiny());
    assertEquals(Shape.of(2, 16, 6, 6), sam.imageEncoder().forward(random(2, 3, 48, 48)).shape());
  }

  @Test
  void otherSizesAreResampled() {
    var sam = new Sam(Weights.init(1), Sizes.tiny().withInput(64));
    var embedding = sam.imageEncoder().forward(random(1, 3, 64, 64));
    assertEquals(Shape.of(1, 16, 8, 8), embedding.shape());
    var masks = sam.decode(embedding, Prompts.boxes(Tensor.of(new float[4], 1, 4)), false);
    assertEquals(Shape.of(1, 1, 32, 32), masks.logits().shape());
  }

  @Test
  void rejectsAnImageThatIsNoMultipleOfThePatch() {
    var sam = new Sam(Weights.init(1), Sizes.tiny());
    var error =
        assertThrows(ShapeException.class, () -> sam.imageEncoder().forward(random(1, 3, 48, 50)));
    assertTrue(String.valueOf(error.getMessage()).contains("multiples of 8"), error::toString);
  }

  @Test
  void oneImageTakesManyPromptsAndABatchOnePromptEach() {
    var sam = new Sam(Weights.init(1), Sizes.tiny());
    var two = sam.imageEncoder().forward(random(2, 3, 48, 48));
    var boxes = Tensor.of(new float[] {1, 2, 30, 40, 5, 6, 20, 21}, 2, 4);
    var paired = sam.decode(two, Prompts.boxes(boxes), true);
    assertEquals(Shape.of(2, 3, 24, 24), paired.logits().shape());
    var second = sam.decode(two.slice(0, 1, 2), Prompts.boxes(boxes), true);
    assertArrayEquals(
        second.logits().slice(0, 1, 2).toFloats(),
        paired.logits().slice(0, 1, 2).toFloats(),
        1e-5f);
    var three = Tensor.concat(0, two, two.slice(0, 0, 1));
    assertThrows(ShapeException.class, () -> sam.decode(three, Prompts.boxes(boxes), true));
  }

  @Test
  void rejectsPointsWithoutLabels() {
    assertThrows(
        ShapeException.class,
        () ->
            new Prompts(
                java.util.Optional.empty(),
                java.util.Optional.of(random(1, 2, 2)),
                java.util.Optional.empty(),
                java.util.Optional.empty()));
  }

  @Test
  void windowsUndoEachOther() {
    var x = random(2, 7, 5, 3);
    for (int side = 1; side < 9; side++) {
      var windows = new Windows(side);
      assertArrayEquals(x.toFloats(), windows.join(windows.partition(x), 7, 5).toFloats());
    }
  }

  @Test
  void gradientOfABlockInWindows() {
    gradient(0);
  }

  @Test
  void gradientOfABlockOverTheWholeImage() {
    gradient(1);
  }

  private static void gradient(int block) {
    var weights = Weights.init(3, DataType.DOUBLE);
    var encoder = new ImageEncoder(weights, Sizes.tiny());
    var layer = encoder.blocks().get(block);
    var attention = layer.attn();
    attention.relPosH().orElseThrow().assign(doubles(1, shape(attention, true)).array());
    attention.relPosW().orElseThrow().assign(doubles(2, shape(attention, false)).array());
    GradCheck.of(
            in -> layer.forward(in[0]),
            doubles(5, 1, 5, 6, 24),
            attention.relPosH().orElseThrow(),
            attention.relPosW().orElseThrow(),
            attention.qkv().bias().orElseThrow(),
            layer.norm1().weight())
        .requireBelow(1e-6);
  }

  private static long[] shape(RelPosAttention attention, boolean height) {
    return (height ? attention.relPosH() : attention.relPosW()).orElseThrow().shape().toArray();
  }

  @Test
  void gradientOfTheDecoderAndThePrompts() {
    var weights = Weights.init(3, DataType.DOUBLE);
    var sam = new Sam(weights, Sizes.tiny().withInput(16));
    var prompts =
        Prompts.boxes(Tensor.of(new double[] {1, 2, 12, 9}, 1, 4))
            .withPoints(
                Tensor.of(new double[] {3, 4, 8, 1}, 1, 2, 2), Tensor.of(new double[] {1, 0}, 1, 2))
            .withMask(doubles(8, 1, 1, 8, 8));
    GradCheck.of(
            in -> sam.decode(in[0], prompts, true).logits(),
            doubles(5, 1, 16, 2, 2),
            weights.at("prompt_encoder.point_embeddings").all().get(1),
            weights.at("prompt_encoder.mask_downscaling").all().get(2))
        .requireBelow(1e-6);
  }
}
