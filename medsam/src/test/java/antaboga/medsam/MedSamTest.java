// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.Tape;
import antaboga.io.Checkpoint;
import antaboga.medsam.model.MedSamConfig;
import antaboga.medsam.model.Sam;
import antaboga.medsam.model.Sizes;
import antaboga.nn.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

class MedSamTest {
  private final Weights weights = Weights.init(5);
  private final Sam sam = new Sam(weights, Sizes.tiny());

  private static Image image() {
    var bytes = new byte[30 * 44];
    new SplittableRandom(2).nextBytes(bytes);
    return Image.grey(30, 44, bytes);
  }

  @Test
  void maskHasTheImagesSize() {
    var mask = MedSam.of(sam).encode(image()).segment(new Box(4, 5, 20, 25));
    assertEquals(30, mask.height());
    assertEquals(44, mask.width());
    assertTrue(Double.isFinite(mask.iou()));
  }

  @Test
  void refusesABoxOutsideTheImage() {
    var scene = MedSam.of(sam).encode(image());
    assertThrows(IllegalArgumentException.class, () -> scene.segment(new Box(0, 0, 45, 10)));
  }

  @Test
  void loadsWhatWasSaved(@TempDir Path folder) throws IOException {
    var path = folder.resolve("teacher.safetensors");
    Checkpoint.of(weights.arrays()).save(path);
    var box = new Box(4, 5, 20, 25);
    assertArrayEquals(
        MedSam.of(sam).encode(image()).probability(box).toFloats(),
        MedSam.load(path, Sizes.tiny()).encode(image()).probability(box).toFloats());
  }

  @Test
  void readsTheSizesOffTheParameters(@TempDir Path folder) throws IOException {
    var sizes =
        new MedSamConfig(48, 48, 8, 24, 4, 3, 2, 4, Set.of(1, 3), true, 16, 8, 32, 8, 16, 3);
    for (var config : List.of(sizes, MedSamConfig.t6of8())) {
      var own = Weights.init(3);
      var unused = new Sam(own, config);
      var path = folder.resolve("teacher.safetensors");
      Checkpoint.of(own.arrays()).save(path);
      assertEquals(unused.config(), MedSam.load(path).model().config());
    }
  }

  @Test
  void refusesWhatIsNoSam(@TempDir Path folder) throws IOException {
    var path = folder.resolve("linear.safetensors");
    var own = Weights.init(3);
    var unused = new antaboga.nn.Linear(own.at("head"), 3, 4);
    Checkpoint.of(own.arrays()).save(path);
    assertEquals(4, unused.weight().size(0));
    var error = assertThrows(IOException.class, () -> MedSam.load(path));
    assertTrue(String.valueOf(error.getMessage()).contains("no image_encoder."), error::toString);
  }

  @Test
  void loadsTheNamesOfHuggingFace(@TempDir Path folder) throws IOException {
    var renamed = new LinkedHashMap<String, INDArray>();
    weights.arrays().forEach((name, array) -> renamed.put(Sizes.huggingFace(name), array));
    renamed.put(
        "shared_image_embedding.positional_embedding",
        weights
            .arrays()
            .getOrDefault(
                "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix",
                weights.all().get(0).array()));
    var path = folder.resolve("hf.safetensors");
    Checkpoint.of(renamed).save(path);
    assertEquals(Sizes.tiny(), MedSam.load(path, Sizes.tiny()).model().config());
  }

  @Test
  void refusesTheCheckpointOfAnotherModel(@TempDir Path folder) throws IOException {
    var path = folder.resolve("other.safetensors");
    Checkpoint.of(weights.arrays()).save(path);
    var error = assertThrows(IOException.class, () -> MedSam.load(path, MedSamConfig.t6()));
    assertTrue(String.valueOf(error.getMessage()).contains("other.safetensors"), error::toString);
    var more = new LinkedHashMap<>(weights.arrays());
    more.put("head.weight", weights.all().get(0).array());
    Checkpoint.of(more).save(path);
    error = assertThrows(IOException.class, () -> MedSam.load(path, Sizes.tiny()));
    assertTrue(String.valueOf(error.getMessage()).contains("head.weight"), error::toString);
  }

  @Test
  void manyThreadsSeeTheSameMasks() {
    var scene = MedSam.of(sam).encode(image());
    var expected =
        IntStream.range(1, 20).mapToObj(i -> scene.segment(new Box(1, 2, 3 + i, 25))).toList();
    var found =
        IntStream.range(1, 20)
            .parallel()
            .mapToObj(i -> scene.segment(new Box(1, 2, 3 + i, 25)))
            .toList();
    assertEquals(expected, found);
  }

  @Test
  void encodingUnderATapeIsInference() {
    var outside = MedSam.of(sam).encode(image()).embedding().toFloats();
    try (var tape = new Tape(0)) {
      var embedding = MedSam.of(sam).encode(image()).embedding();
      assertArrayEquals(outside, embedding.toFloats());
      assertTrue(tape.toString().startsWith("Tape of 0"), tape::toString);
    }
  }
}
