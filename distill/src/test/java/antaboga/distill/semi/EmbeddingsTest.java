// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.ShapeException;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.distill.Embeddings;
import antaboga.distill.Embeddings.Laying;
import antaboga.distill.Grids;
import antaboga.nn.data.Orientation;
import antaboga.nn.data.Perturbation;
import antaboga.nn.data.Variation;
import antaboga.nn.data.View;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddingsTest {
  private final Path folder;
  private final TinyTeacher teacher = TinyTeacher.of(1);
  private int asked;

  EmbeddingsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private Embeddings cache(Embeddings.Config config) {
    return new Embeddings(
        config,
        x -> {
          asked++;
          return teacher.forward(x);
        });
  }

  private Embeddings.Config config() {
    return Embeddings.Config.of(folder, teacher.fingerprint(), 12, List.of(8, 4));
  }

  private static View view(int number, Orientation orientation) {
    return new View("blob" + number, true, orientation, View.Crop.WHOLE);
  }

  private static final List<View> UPRIGHT =
      List.of(view(1, Orientation.UPRIGHT), view(2, Orientation.UPRIGHT));

  private static Tensor twoImages() {
    return Blobs.images(List.of(1, 2));
  }

  private static void same(Embeddings.Maps a, Embeddings.Maps b) {
    for (int side : new int[] {8, 4}) {
      assertArrayEquals(a.at(side).toFloats(), b.at(side).toFloats(), 0);
    }
  }

  private List<Path> files() throws IOException {
    try (var files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  @Test
  void givesTheTeachersMapsPooled() throws IOException {
    var maps = cache(config()).of(twoImages(), UPRIGHT);
    var expected = teacher.forward(Blobs.image(2));
    assertEquals("(2, 12, 8, 8)", maps.at(8).shape().toString());
    assertArrayEquals(expected.toFloats(), maps.at(8).index(0, 1).toFloats(), 0);
    assertArrayEquals(Grids.pool(expected, 4).toFloats(), maps.at(4).index(0, 1).toFloats(), 0);
  }

  @Test
  void asksOnceAndRemembersAcrossInstances() throws IOException {
    var first = cache(config());
    var fresh = first.of(twoImages(), UPRIGHT);
    same(fresh, first.of(twoImages(), UPRIGHT));
    same(fresh, cache(config()).of(twoImages(), UPRIGHT));
    assertEquals(2, asked);
    assertEquals(2, files().size());
  }

  @Test
  void noiseOfTheSameSeedAndDrawIsMetAgain() throws IOException {
    var noise = new Perturbation();
    for (int run = 0; run < 2; run++) {
      var noisy = twoImages().add(noise.delta(UPRIGHT, 32, 7, 1));
      cache(config()).of(noisy, UPRIGHT);
    }
    assertEquals(2, asked);
    cache(config()).of(twoImages().add(noise.delta(UPRIGHT, 32, 7, 0)), UPRIGHT);
    assertEquals(4, asked);
  }

  @Test
  void laidImagesShareTheEntryOfTheUprightOne() throws IOException {
    var cache = cache(config());
    var upright = cache.of(Blobs.image(1), UPRIGHT.subList(0, 1));
    var noise = new Perturbation();
    for (var orientation : Orientation.values()) {
      var views = List.of(view(1, orientation));
      var laid = orientation.of(Blobs.image(1));
      var maps = cache.of(laid, views);
      assertArrayEquals(
          orientation.of(upright.at(8)).toFloats(), maps.at(8).toFloats(), 0, "" + orientation);
      cache.of(laid.add(noise.delta(views, 32, 0, 0)), views);
    }
    assertEquals(2, asked); // the image and its noisy twin
  }

  @Test
  void laidImagesCanBeSeenAsTheyLie() throws IOException {
    var cache = cache(config().withLaying(Laying.AS_IT_LIES));
    var laid = Orientation.TURNED_90.of(Blobs.image(1));
    var maps = cache.of(laid, List.of(view(1, Orientation.TURNED_90)));
    assertArrayEquals(teacher.forward(laid).toFloats(), maps.at(8).toFloats(), 0);
    cache.of(Blobs.image(1), UPRIGHT.subList(0, 1));
    assertEquals(2, asked);
  }

  @Test
  void aTornFileIsComputedAnew() throws IOException {
    var fresh = cache(config()).of(twoImages(), UPRIGHT);
    for (var file : files()) {
      var bytes = Files.readAllBytes(file);
      Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length / 2));
    }
    same(fresh, cache(config()).of(twoImages(), UPRIGHT));
    assertEquals(4, asked);
    same(fresh, cache(config()).of(twoImages(), UPRIGHT));
    assertEquals(4, asked); // and has been replaced
  }

  @Test
  void aFlippedBitIsNoticed() throws IOException {
    var fresh = cache(config()).of(twoImages(), UPRIGHT);
    for (var file : files()) {
      var bytes = Files.readAllBytes(file);
      bytes[bytes.length - 5] ^= 1;
      Files.write(file, bytes);
    }
    same(fresh, cache(config()).of(twoImages(), UPRIGHT));
    assertEquals(4, asked);
  }

  @Test
  void aFileOfAnotherImageIsNotBelieved() throws IOException {
    var fresh = cache(config()).of(twoImages(), UPRIGHT);
    var files = files();
    Files.copy(files.get(0), files.get(1), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    same(fresh, cache(config()).of(twoImages(), UPRIGHT));
    assertEquals(3, asked);
  }

  @Test
  void anotherTeacherHasEntriesOfItsOwn() throws IOException {
    cache(config()).of(twoImages(), UPRIGHT);
    var other = TinyTeacher.of(2);
    var maps = other.cachedIn(folder).of(twoImages(), UPRIGHT);
    assertArrayEquals(
        other.forward(Blobs.image(1)).toFloats(), maps.at(8).index(0, 0).toFloats(), 0);
  }

  @Test
  void memoryIsBounded() throws IOException {
    var cache = cache(config().withMemory(0));
    var fresh = cache.of(twoImages(), UPRIGHT);
    same(fresh, cache.of(twoImages(), UPRIGHT));
    assertEquals(2, asked); // read again from the disk
  }

  @Test
  void noGradientReachesTheTeacher() throws IOException {
    var before = new ArrayList<float[]>();
    teacher.weights().all().forEach(p -> before.add(p.toFloats()));
    try (var tape = new Tape(0)) {
      var image = tape.watch(twoImages());
      var maps = cache(config()).of(image, UPRIGHT);
      var loss = maps.at(8).mul(image.mean()).sum();
      var gradients = tape.gradients(loss);
      assertEquals(1, gradients.leaves().size());
      assertTrue(gradients.of(image).isPresent());
    }
    for (int i = 0; i < before.size(); i++) {
      assertArrayEquals(before.get(i), teacher.weights().all().get(i).toFloats(), 0);
    }
  }

  @Test
  void aFolderThatCannotBeWrittenIsNamedWithARemedy() throws IOException {
    var blocked = Files.createFile(folder.resolve("file")).resolve("below");
    var cache = cache(Embeddings.Config.of(blocked, teacher.fingerprint(), 12, List.of(8)));
    var e = assertThrows(IOException.class, () -> cache.of(twoImages(), UPRIGHT));
    assertTrue(e.toString().contains(blocked.toString()), e.toString());
    assertTrue(e.toString().contains("make the folder writable"), e.toString());
  }

  @Test
  void rejectsAnEmbeddingOfAnotherWidth() {
    var cache = cache(Embeddings.Config.of(folder, "x", 16, List.of(8)));
    var e = assertThrows(ShapeException.class, () -> cache.of(twoImages(), UPRIGHT));
    assertTrue(e.toString().contains("(1, 12, 8, 8), expected (1, 16, g, g)"), e.toString());
  }

  @Test
  void rejectsACroppedImage() {
    var view = new View("x", true, Orientation.UPRIGHT, new View.Crop(0, 0, 0.5));
    assertThrows(
        IllegalArgumentException.class, () -> cache(config()).of(Blobs.image(1), List.of(view)));
  }

  @Test
  void variedImagesAreAskedAboutAsTheyLie() throws IOException {
    var embeddings = cache(config());
    var noise = new Perturbation(0.1, 0.2);
    var laid = Images.all(Blobs.batch(1, 3));
    var maps = laid.embedded(embeddings).at(8);
    var noisy = laid.perturbed(noise, 5, 0).embedded(embeddings).at(8);
    int before = asked;
    for (int seed = 0; seed < 3; seed++) {
      var varied = Images.all(Variation.moderate().of(Blobs.batch(1, 3), 1, seed));
      assertArrayEquals(
          varied.warp().of(maps).toFloats(), varied.embedded(embeddings).at(8).toFloats());
      var answered = varied.perturbed(noise, 5, 0).embedded(embeddings).at(8);
      assertArrayEquals(varied.warp().of(noisy).toFloats(), answered.toFloats());
    }
    assertEquals(before, asked);
  }
}
