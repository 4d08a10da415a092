// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.Tensor;
import antaboga.distill.Fingerprint;
import antaboga.distill.semi.PseudoLabels.PromptedTeacher;
import antaboga.distill.semi.SemiSupervisedTraining.Config;
import antaboga.distill.semi.SemiSupervisedTraining.Listener;
import antaboga.distill.semi.SemiSupervisedTraining.Objective;
import antaboga.nn.Segmenter;
import antaboga.nn.data.Augment;
import antaboga.nn.data.ImageFolder;
import antaboga.nn.data.ImageStore;
import antaboga.nn.data.Images;
import antaboga.nn.data.MixedBatches;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** All methods on folders that differ only in masks of images that count as unlabelled. */
class UnlabelledMasksTest {
  private static final int IMAGES = 7;
  private static final int LABELLED = 3;
  private static final int STEPS = 5;

  private final Path folder;
  private final TreeSet<String> terms = new TreeSet<>();
  private final List<PseudoLabels.Box> boxes = new ArrayList<>();

  UnlabelledMasksTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private interface Change {
    void to(Path mask) throws IOException;
  }

  /** Images and masks; the first few are labelled, and the masks of the others are changed. */
  private ImageFolder data(String name, int first, int last, Change change) throws IOException {
    var root = folder.resolve(name);
    Files.createDirectories(root.resolve("splits"));
    var names = IntStream.range(0, IMAGES).mapToObj(i -> "blob" + i).toList();
    Files.write(root.resolve("splits/train.txt"), names);
    Files.write(root.resolve("splits/few.txt"), names.subList(0, LABELLED));
    for (int i = 0; i < IMAGES; i++) {
      var mask = root.resolve("masks/blob" + i + ".png");
      Images.write(root.resolve("images/blob" + i + ".png"), 32, 32, grey(Blobs.image(i)));
      Images.write(mask, 32, 32, grey(Blobs.mask(i)));
      if (i >= first && i < last) {
        change.to(mask);
      }
    }
    return ImageFolder.open(root);
  }

  private static byte[] grey(Tensor image) {
    var values = image.toFloats();
    var bytes = new byte[Blobs.SIZE * Blobs.SIZE];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) Math.round(255 * values[i]);
    }
    return bytes;
  }

  /** The whole method with prompts: the boxes that the teacher was asked with join the terms. */
  private Objective wholeMethod(Students students, int steps, Path cache) {
    PromptedTeacher prompted =
        (image, box) -> {
          boxes.add(box);
          return image.slice(1, 0, 1);
        };
    // an average that sees lesions from the first step on, so that the teacher is prompted
    var seeing =
        new Students(
            students.current(), students.weights(), new Bright(), students.averageWeights());
    return new PerturbationConsistentDistillation(
        WholeMethod.config(steps).withMasks(0.3),
        seeing,
        TinyTeacher.of(5).cachedIn(cache),
        3,
        prompted);
  }

  /** The fingerprint of everything that training changes, and of what the teacher was asked. */
  private String train(ImageFolder data, Competitors.Making making) throws IOException {
    boxes.clear();
    var labelled = data.samples("few");
    var unlabelled = data.pictures("train", labelled);
    var batches = new MixedBatches(labelled, 2, unlabelled, 2, new ImageStore(32), Augment.weak());
    var students = Students.of(TinySegmenter::new, 3);
    var objective = making.of(students, STEPS, data.root().resolve("cache"));
    var run = Config.of(STEPS, 3, Files.createTempDirectory(data.root(), "run"));
    new SemiSupervisedTraining(run, batches::batch, students, objective)
        .run(
            new Listener() {
              @Override
              public void stepped(int step, Losses losses, double rate) {
                terms.addAll(losses.values().keySet());
              }
            },
            () -> false);
    var changed =
        Stream.of(students.weights(), students.averageWeights(), objective.weights())
            .flatMap(weights -> weights.all().stream())
            .toList();
    return Fingerprint.of("", changed) + boxes;
  }

  /** Takes for a lesion what is bright. */
  private record Bright() implements Segmenter {
    @Override
    public List<Tap> taps() {
      return List.of();
    }

    @Override
    public Output observe(Tensor image) {
      return new Output(image.slice(1, 0, 1).affine(20, -11), Map.of());
    }
  }

  private String trainChanged(String name, Change change) throws IOException {
    return train(data(name, LABELLED, IMAGES, change), this::wholeMethod);
  }

  private static void paint(Path mask, byte[] values) throws IOException {
    Images.write(mask, 32, 32, values);
  }

  @Test
  void anyMasksOrNoneGiveTheSameBits() throws IOException {
    var right = trainChanged("right", mask -> {});
    assertTrue(
        terms.containsAll(
            Arrays.asList(
                "supervised",
                "feature",
                "response",
                "align",
                "posterior",
                "consistency",
                "masks",
                "strong")),
        terms.toString());

    var random = new Random(1);
    var noise = new byte[32 * 32];
    assertEquals(
        right,
        trainChanged(
            "noise",
            mask -> {
              random.nextBytes(noise);
              paint(mask, noise);
            }));
    assertEquals(right, trainChanged("no-image", mask -> Files.writeString(mask, "NaN")));
    assertEquals(right, trainChanged("none", Files::delete));
    assertEquals(files("right/cache"), files("none/cache"));
    assertTrue(right.contains("Box["), right);
  }

  @TestFactory
  Stream<DynamicTest> noCompetitorLooksAtThemEither() throws IOException {
    var right = data("right", LABELLED, IMAGES, mask -> {});
    var none = data("none", LABELLED, IMAGES, Files::delete);
    return Competitors.all().entrySet().stream()
        .map(
            e ->
                DynamicTest.dynamicTest(
                    e.getKey(),
                    () -> assertEquals(train(right, e.getValue()), train(none, e.getValue()))));
  }

  /** Else the test above would pass for a method that looks at no mask at all. */
  @Test
  void masksOfLabelledImagesCount() throws IOException {
    var full = new byte[32 * 32];
    Arrays.fill(full, (byte) 255);
    var right = trainChanged("right", mask -> {});
    var wrong = data("wrong", 0, LABELLED, mask -> paint(mask, full));
    assertNotEquals(right, train(wrong, this::wholeMethod));
  }

  private List<String> files(String below) throws IOException {
    var root = folder.resolve(below);
    var files = new ArrayList<String>();
    try (var all = Files.walk(root)) {
      for (var file : all.filter(Files::isRegularFile).sorted().toList()) {
        files.add(root.relativize(file) + " " + Arrays.hashCode(Files.readAllBytes(file)));
      }
    }
    return files;
  }
}
