// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.medsam.model.Prompts;
import antaboga.medsam.model.Sam;
import antaboga.medsam.model.Sizes;
import antaboga.medsam.model.Upsampling;
import antaboga.nn.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class SceneTest {
  private static final Frame FRAME = new Frame(Preparation.MEDSAM, 48, 30, 44);

  private final Weights weights = Weights.init(5);
  private final Sam sam = new Sam(weights, Sizes.tiny());
  private final MedSam medsam = MedSam.of(sam);
  private final Scene scene = medsam.encode(Models.image(2));

  @Test
  void thirtyTwoThreadsGetTheBitsOfOne() throws Exception {
    var random = new SplittableRandom(7);
    var images = List.of(Models.image(11), Models.image(12), Models.image(13), Models.image(14));
    var asked = new ArrayList<Prompt>();
    for (int i = 0; i < 1000; i++) {
      double x = random.nextInt(30);
      double y = random.nextInt(20);
      var box = new Box(x, y, x + 1 + random.nextInt(14), y + 1 + random.nextInt(10));
      asked.add(i % 3 == 0 ? box.and(Point.off(x, y)) : i % 3 == 1 ? box : Point.on(x, y));
    }
    var scenes = images.stream().map(medsam::encode).toList();
    var expected = new ArrayList<Mask>();
    for (int i = 0; i < asked.size(); i++) {
      expected.add(scenes.get(i % 4).segment(asked.get(i)));
    }
    var threads = Executors.newFixedThreadPool(32);
    try {
      var encoding = new ArrayList<Callable<Scene>>();
      images.forEach(image -> encoding.add(() -> medsam.encode(image)));
      var others = new ArrayList<Scene>();
      for (var encoded : threads.invokeAll(encoding)) {
        others.add(encoded.get());
      }
      assertEquals(scenes, others);
      var asking = new ArrayList<Callable<Mask>>();
      for (int i = 0; i < asked.size(); i++) {
        var other = others.get(i % 4);
        var prompt = asked.get(i);
        asking.add(() -> other.segment(prompt));
      }
      var masks = threads.invokeAll(asking);
      int side = sam.config().lowResolution();
      for (int i = 0; i < asked.size(); i++) {
        var mask = masks.get(i).get();
        assertEquals(expected.get(i), mask, "mask " + i);
        assertEquals(expected.get(i).iou(), mask.iou(), "mask " + i);
        assertArrayEquals(
            expected.get(i).logits(side, FRAME), mask.logits(side, FRAME), "mask " + i);
      }
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void answersAreThoseOfTheModelAsItIsNow() {
    var box = new Box(4, 5, 20, 25);
    var before = scene.probability(box).toFloats();
    weights.at("prompt_encoder").arrays().forEach((name, array) -> array.addi(1));
    assertFalse(Arrays.equals(before, scene.probability(box).toFloats()));
  }

  @Test
  void theSecondAnswerHasTheBitsOfTheFirst(@TempDir Path folder) throws IOException {
    var box = new Box(4, 5, 20, 25);
    try (var loaded = Models.load(folder, 5)) {
      var other = loaded.encode(Models.image(2));
      var first = other.probability(box).toFloats();
      assertArrayEquals(first, other.probability(box).toFloats());
      assertArrayEquals(first, scene.probability(box).toFloats());
    }
  }

  @Test
  void aListIsAskedOneByOne() {
    var boxes = List.of(new Box(4, 5, 20, 25), new Box(1, 2, 30, 12), new Box(40, 0, 44, 30));
    assertEquals(boxes.stream().map(scene::segment).toList(), scene.segment(boxes));
    assertEquals(List.of(), scene.segment(List.of()));
  }

  @Test
  void nothingOfAListIsComputedUnlessAllFits() {
    refused(
        "(40, 0, 45, 30) reaches beyond the image of 44 x 30",
        () -> scene.segment(List.of(new Box(4, 5, 20, 25), new Box(40, 0, 45, 30))));
  }

  @Test
  void pointsAreTheModelsOwn() {
    var prompt = Point.on(11, 15).and(new Box(4, 5, 20, 25)).and(Point.off(33, 7.5));
    double right = 48 / 44.0;
    double down = 48 / 30.0;
    var own =
        Prompts.boxes(Box.tensor(List.of(new Box(4, 5, 20, 25).scaled(right, down))))
            .withPoints(
                Tensor.of(
                    new float[] {
                      (float) (11 * right),
                      (float) (15 * down),
                      (float) (33 * right),
                      (float) (7.5 * down)
                    },
                    1,
                    2,
                    2),
                Tensor.of(new float[] {1, 0}, 1, 2));
    var logits = sam.decode(scene.embedding(), own, false).logits();
    assertArrayEquals(
        Upsampling.probabilities(logits, 30, 44).toFloats(), scene.probability(prompt).toFloats());
  }

  @Test
  void aModelsMaskGoesBackAsItsScores() {
    var box = new Box(4, 5, 20, 25);
    var scaled = Prompts.boxes(Box.tensor(List.of(box.scaled(48 / 44.0, 48 / 30.0))));
    var first = sam.decode(scene.embedding(), scaled, false).logits();
    var second = sam.decode(scene.embedding(), scaled.withMask(first), false).logits();
    assertArrayEquals(
        Upsampling.probabilities(second, 30, 44).toFloats(),
        scene.probability(box.and(scene.segment(box))).toFloats());
  }

  @Test
  void aDrawnMaskIsAPromptOfItsOwn() {
    var inside = new boolean[30 * 44];
    java.util.Arrays.fill(inside, 300, 700, true);
    var drawn = Mask.of(30, 44, inside);
    var side = sam.config().lowResolution();
    var logits = drawn.logits(side, FRAME);
    assertEquals(side * side, logits.length);
    assertEquals(Math.log(999), logits[side * side / 3], 1e-5);
    assertEquals(-Math.log(999), logits[0], 1e-5);
    var other = new boolean[30 * 44];
    java.util.Arrays.fill(other, 700, 1200, true);
    assertFalse(
        java.util.Arrays.equals(
            scene.probability(drawn).toFloats(),
            scene.probability(Mask.of(30, 44, other)).toFloats()));
    assertEquals(30, scene.segment(drawn).height());
  }

  @Test
  void samsOwnPreparationIsItsOwnThroughout() {
    var image = Models.image(2);
    var sams = medsam.encode(image, Preparation.SAM);
    var prepared = new LongestSide(48).prepared(image);
    var embedding = sam.imageEncoder().forward(prepared);
    assertArrayEquals(embedding.toFloats(), sams.embedding().toFloats());
    var box = new Box(4, 5, 20, 25);
    var own = Prompts.boxes(Box.tensor(List.of(new LongestSide(48).resize(box, 30, 44))));
    var logits =
        Upsampling.logits(sam.decode(embedding, own, false).logits(), 48, 33, 48, 30, 44)
            .toFloats();
    var mask = sams.segment(box);
    for (int i = 0; i < logits.length; i++) {
      assertEquals(logits[i] > 0, mask.contains(i / 44, i % 44));
    }
    assertEquals(mask, sams.segment(List.of(box)).get(0));
    assertNotEquals(scene, sams);
    var inside = new boolean[30 * 44];
    java.util.Arrays.fill(inside, true);
    var all = Mask.of(30, 44, inside).logits(24, new Frame(Preparation.SAM, 48, 30, 44));
    assertEquals(Math.log(999), all[0], 1e-5);
    assertTrue(all[15 * 24] > 0 && all[17 * 24] < 0, "33 of 48 rows are the image's");
  }

  @Test
  void alternativesComeBestFirst() {
    var found = scene.alternatives(Point.on(20, 15));
    assertEquals(3, found.size());
    assertTrue(found.get(0).iou() >= found.get(1).iou());
    assertTrue(found.get(1).iou() >= found.get(2).iou());
    var point = Tensor.of(new float[] {(float) (20 * 48 / 44.0), 15 * 48 / 30f}, 1, 1, 2);
    var iou =
        sam.decode(scene.embedding(), Prompts.points(point, Tensor.of(new float[] {1}, 1, 1)), true)
            .iou()
            .toDoubles();
    java.util.Arrays.sort(iou);
    assertEquals(iou[2], found.get(0).iou());
    assertEquals(iou[0], found.get(2).iou());
  }

  @Test
  void refusesWhatDoesNotFitTheImage() {
    refused("lies outside the image of 44 x 30", () -> scene.segment(Point.on(45, 3)));
    refused("lies outside the image of 44 x 30", () -> scene.probability(Point.on(3, -1)));
    refused("lies outside the image of 44 x 30", () -> scene.segment(new Box(44, 0, 50, 10)));
    refused("reaches beyond the image of 44 x 30", () -> scene.segment(new Box(-1, 0, 50, 10)));
    refused(
        "mask of 2 x 1 for an image of 44 x 30",
        () -> scene.segment(Mask.of(1, 2, new boolean[] {true, false})));
  }

  @Test
  void refusesTwoBoxesForOneObject() {
    refused("give several objects as a list", () -> new Box(1, 2, 3, 4).and(new Box(1, 2, 3, 5)));
    var mask = Mask.of(1, 2, new boolean[] {true, false});
    refused("two masks", () -> mask.and(Point.on(1, 1)).and(mask));
  }

  @Test
  void refusesAPointNowhere() {
    refused("point (NaN, 1), expected a finite position", () -> Point.on(Double.NaN, 1));
  }

  @Test
  void aMixtureSaysWhatItIs() {
    assertEquals(
        "(1, 2, 3, 4) and (5, 6) on and (7, 8.5) off",
        new Box(1, 2, 3, 4).and(Point.on(5, 6)).and(Point.off(7, 8.5)).toString());
  }

  @Test
  void answeringUnderATapeIsInference() {
    var box = new Box(4, 5, 20, 25);
    var outside = scene.segment(box);
    try (var tape = new Tape(0)) {
      assertEquals(outside, medsam.encode(Models.image(2)).segment(box));
      assertTrue(tape.toString().startsWith("Tape of 0"), tape::toString);
    }
  }

  private static void refused(String message, Executable call) {
    var error = assertThrows(IllegalArgumentException.class, call);
    assertTrue(String.valueOf(error.getMessage()).contains(message), error::getMessage);
  }
}
