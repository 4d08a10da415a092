// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtException;
import antaboga.ShapeException;
import antaboga.Tensor;
import antaboga.io.OnnxGraph;
import antaboga.io.OnnxRun;
import antaboga.nn.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;

/** ONNX Runtime against the layers themselves. */
class SamGraphsTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"48, 48, 1", "48, 48, 2", "64, 64, 1", "32, 40, 1", "104, 56, 2", "8, 8, 1"})
  void encoderAgreesForAnySize(int height, int width, int images) throws IOException, OrtException {
    var sam = sam(Sizes.tiny());
    var x = random(images, 3, height, width);
    run(SamGraphs.encoder(sam, height, width), Map.of("image", x))
        .assertGives("embedding", sam.imageEncoder().forward(x));
  }

  @Test
  void encoderAgreesWithoutRelativePositions() throws IOException, OrtException {
    var config = new MedSamConfig(40, 40, 8, 16, 2, 2, 2, 3, Set.of(1), false, 16, 2, 32, 8, 16, 3);
    var sam = sam(config);
    var x = random(1, 3, 40, 40);
    run(SamGraphs.encoder(sam), Map.of("image", x))
        .assertGives("embedding", sam.imageEncoder().forward(x));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void decoderAgreesForOneImageAndForBatches(boolean alternatives)
      throws IOException, OrtException {
    var sam = sam(Sizes.tiny());
    var graph = SamGraphs.decoder(sam, alternatives);
    var boxes = Tensor.of(new float[] {1, 2, 30, 40, 5, 6, 20, 21, 0, 0, 47, 47}, 3, 4);
    for (int images : new int[] {1, 3}) {
      var embedding = random(images, 16, 6, 6);
      var ours = sam.decode(embedding, Prompts.boxes(boxes), alternatives);
      var theirs = run(graph, Map.of("embedding", embedding, "boxes", boxes));
      theirs.assertGives("masks", ours.logits());
      theirs.assertGives("iou", ours.iou());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void decoderAgreesForPointsBoxesAndMasks(boolean alternatives) throws IOException, OrtException {
    var sam = sam(Sizes.tiny());
    var graph = SamGraphs.promptDecoder(sam, alternatives);
    var embedding = random(1, 16, 6, 6);
    var mask = random(1, 1, 24, 24).mul(4);
    var point = Tensor.of(new float[] {11, 7.5f, 30, 41}, 1, 2, 2);
    var label = Tensor.of(new float[] {1, 0}, 1, 2);
    var box = Tensor.of(new float[] {3, 4, 40, 30}, 1, 4);

    var points = Prompts.points(point, label);
    var padded = Tensor.of(new float[] {11, 7.5f, 30, 41, 0, 0}, 1, 3, 2);
    var marks = Tensor.of(new float[] {1, 0, -1}, 1, 3);
    agrees(graph, sam, alternatives, embedding, points, padded, marks, mask, 0);
    agrees(graph, sam, alternatives, embedding, points.withMask(mask), padded, marks, mask, 1);

    var both = Prompts.boxes(box).withPoints(point, label);
    var all = Tensor.of(new float[] {11, 7.5f, 30, 41, 3, 4, 40, 30}, 1, 4, 2);
    var kinds = Tensor.of(new float[] {1, 0, 2, 3}, 1, 4);
    agrees(graph, sam, alternatives, embedding, both, all, kinds, mask, 0);

    var corners = all.slice(1, 2, 4);
    var two = kinds.slice(1, 2, 4);
    agrees(graph, sam, alternatives, embedding, Prompts.boxes(box), corners, two, mask, 0);
  }

  private void agrees(
      OnnxGraph graph,
      Sam sam,
      boolean alternatives,
      Tensor embedding,
      Prompts prompts,
      Tensor points,
      Tensor labels,
      Tensor mask,
      float hasMask)
      throws IOException, OrtException {
    var ours = sam.decode(embedding, prompts, alternatives);
    var theirs =
        run(
            graph,
            Map.of(
                "embedding",
                embedding,
                "point_coords",
                points,
                "point_labels",
                labels,
                "mask_input",
                mask,
                "has_mask_input",
                Tensor.of(new float[] {hasMask}, 1)));
    theirs.assertGives("masks", ours.logits());
    if (alternatives) { // a single number cannot show that it varies
      theirs.assertGives("iou", ours.iou());
    }
  }

  @Test
  void decoderAgreesForAnotherInputSize() throws IOException, OrtException {
    var sam = sam(Sizes.tiny().withInput(56));
    var boxes = Tensor.of(new float[] {3, 2, 50, 40}, 1, 4);
    var embedding = random(1, 16, 7, 7);
    var theirs = run(SamGraphs.decoder(sam, false), Map.of("embedding", embedding, "boxes", boxes));
    theirs.assertGives("masks", sam.decode(embedding, Prompts.boxes(boxes), false).logits());
  }

  @Test
  void sameModelGivesTheSameBytes() throws IOException {
    var first = folder.resolve("first.onnx");
    var second = folder.resolve("second.onnx");
    SamGraphs.decoder(sam(Sizes.tiny()), false).save(first);
    SamGraphs.decoder(sam(Sizes.tiny()), false).save(second);
    assertArrayEquals(Files.readAllBytes(first), Files.readAllBytes(second));
  }

  @Test
  void rejectsASizeThatIsNoMultipleOfThePatch() {
    var sam = sam(Sizes.tiny());
    var error = assertThrows(ShapeException.class, () -> SamGraphs.encoder(sam, 48, 50));
    assertTrue(String.valueOf(error.getMessage()).contains("multiples of 8"), error::toString);
  }

  @Test
  void rejectsAModelOfDoubles() {
    var sam = new Sam(Weights.init(1, DataType.DOUBLE), Sizes.tiny());
    assertThrows(IllegalArgumentException.class, () -> SamGraphs.encoder(sam));
  }

  // relative positions and biases start at zero and would hide mistakes
  private static Sam sam(MedSamConfig config) {
    var drawn = Weights.init(1);
    assertEquals(config, new Sam(drawn, config).config());
    var arrays = new LinkedHashMap<>(drawn.arrays());
    var random = new SplittableRandom(5);
    for (var parameter : drawn.all()) {
      if (parameter.array().maxNumber().doubleValue() == 0
          && parameter.array().minNumber().doubleValue() == 0) {
        var shape = parameter.shape();
        arrays.put(parameter.name(), Tensor.normal(random, shape.toArray()).mul(0.3).array());
      }
    }
    return Weights.load(arrays, w -> new Sam(w.frozen(), config));
  }

  private static Tensor random(long... shape) {
    return Tensor.normal(new SplittableRandom(4), shape);
  }

  private OnnxRun run(OnnxGraph graph, Map<String, Tensor> inputs)
      throws IOException, OrtException {
    return OnnxRun.of(folder, graph, inputs);
  }
}
