// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.io.Checkpoint;
import antaboga.io.FormatException;
import antaboga.medsam.model.Sam;
import antaboga.medsam.model.Sizes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SceneFileTest {
  private final Path folder;

  SceneFileTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void aReadSceneAnswersWithTheSameBits() throws IOException {
    var path = folder.resolve("ct.scene.safetensors");
    var box = new Box(4, 5, 20, 25);
    Scene scene;
    try (var medsam = Models.load(folder, 5)) {
      scene = medsam.encode(Models.image(2));
      scene.write(path);
      assertEquals(scene, medsam.scene(path));
    }
    try (var again = Models.load(folder, 5)) {
      var read = again.scene(path);
      assertEquals(30, read.height());
      assertEquals(44, read.width());
      assertEquals(again.encode(Models.image(2)), read);
      assertEquals(again.encode(Models.image(2)).segment(box), read.segment(box));
      assertEquals(scene.bytes(), read.bytes());
      var sams = again.encode(Models.image(2), Preparation.SAM);
      sams.write(path);
      assertEquals(Preparation.SAM, again.scene(path).preparation());
      assertEquals(sams, again.scene(path));
    }
  }

  @Test
  void anotherEncodersSceneIsRefused() throws IOException {
    var path = folder.resolve("ct.scene.safetensors");
    Models.load(folder, 5).encode(Models.image(2)).write(path);
    var other = Models.load(folder, 6);
    var error = assertThrows(OtherModelException.class, () -> other.scene(path));
    assertTrue(error.toString().contains(path + ": a scene of another"), error::toString);
    var wider = MedSam.load(Models.file(folder, 5), Sizes.tiny().withInput(96));
    assertThrows(OtherModelException.class, () -> wider.scene(path));
  }

  @Test
  void aTunedDecoderSharesItsEncodersScenes() throws IOException {
    var path = folder.resolve("ct.scene.safetensors");
    Models.load(folder, 5).encode(Models.image(2)).write(path);
    var tuned = new LinkedHashMap<>(Models.weights(6).arrays());
    Models.weights(5)
        .arrays()
        .forEach(
            (name, array) -> {
              if (name.startsWith("image_encoder.")) {
                tuned.put(name, array);
              }
            });
    Checkpoint.of(tuned).save(folder.resolve("tuned.safetensors"));
    var medsam = MedSam.load(folder.resolve("tuned.safetensors"), Sizes.tiny());
    assertEquals(medsam.encode(Models.image(2)), medsam.scene(path));
    assertNotEquals(Models.load(folder, 6).fingerprint(), medsam.fingerprint());
  }

  @Test
  void everyDamageIsNamed() throws IOException {
    var path = folder.resolve("ct.scene.safetensors");
    var medsam = Models.load(folder, 5);
    var scene = medsam.encode(Models.image(2));
    scene.write(path);
    var whole = Files.readAllBytes(path);
    var random = new SplittableRandom(1);
    for (int round = 0; round < 200; round++) {
      var bytes = whole.clone();
      bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      if (round % 4 == 0) {
        bytes = java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length));
      }
      Files.write(path, bytes);
      try {
        medsam.scene(path); // a flipped bit in a size is another size, in a space nothing
      } catch (FormatException | OtherModelException e) {
        assertTrue(e.toString().contains(path.toString()), e::toString);
      }
    }
    Files.write(path, whole);
    assertEquals(scene, medsam.scene(path));
  }

  @Test
  void whatIsNoSceneIsRefused() throws IOException {
    var medsam = Models.load(folder, 5);
    var error = assertThrows(FormatException.class, () -> medsam.scene(Models.file(folder, 5)));
    assertTrue(error.toString().contains("no scene"), error::toString);
  }

  @Test
  void aModelThatMayChangeHasNoFingerprint() {
    var medsam = MedSam.of(new Sam(antaboga.nn.Weights.init(5), Sizes.tiny()));
    var scene = medsam.encode(Models.image(2));
    var error =
        assertThrows(IllegalStateException.class, () -> scene.write(folder.resolve("a.st")));
    assertTrue(error.toString().contains("save and load it"), error::toString);
  }
}
