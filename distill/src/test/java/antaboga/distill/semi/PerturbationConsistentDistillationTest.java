// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.distill.semi.PseudoLabels.Box;
import antaboga.nn.Segmenter;
import antaboga.nn.data.MixedBatch;
import antaboga.nn.data.Perturbation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PerturbationConsistentDistillationTest {
  private static final int STEPS = 300;

  private final Path folder;
  private final Students students = Students.of(TinySegmenter::new, 1);
  private final TinyTeacher teacher = TinyTeacher.of(5);

  PerturbationConsistentDistillationTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private PerturbationConsistentDistillation method(
      PerturbationConsistentDistillation.Config config) {
    return new PerturbationConsistentDistillation(config, students, teacher.cachedIn(folder), 7);
  }

  private Map<String, Double> weights(PerturbationConsistentDistillation method, int step)
      throws IOException {
    try (var tape = new Tape(step)) {
      var losses = method.of(Blobs.batch(step, 1), step);
      var gradients = tape.gradients(losses.total());
      assertTrue(Double.isFinite(gradients.norm()));
      for (var parameter : teacher.weights().all()) {
        assertTrue(gradients.of(parameter).isEmpty(), "gradient of the teacher's " + parameter);
      }
      for (var parameter : students.averageWeights().all()) {
        assertTrue(gradients.of(parameter).isEmpty(), "gradient of the average's " + parameter);
      }
      return losses.terms().stream()
          .collect(Collectors.toMap(Losses.Term::name, Losses.Term::weight));
    }
  }

  @Test
  void beforeTheRampOnlyLabelsAndFeaturesCount() throws IOException {
    var method = method(WholeMethod.config(STEPS));
    assertEquals(
        Map.of("supervised", 1.0, "feature", 1.0, "orthogonality", 0.01), weights(method, 19));
  }

  @Test
  void afterTheRampEveryTermHasItsWeight() throws IOException {
    var method = method(WholeMethod.config(STEPS));
    weights(method, 20); // fills the bank
    assertEquals(
        Map.of(
            "supervised", 1.0,
            "feature", 1.0,
            "orthogonality", 0.01,
            "response", 1.0,
            "align", 0.5,
            "separate", 0.05,
            "separate labelled", 0.05,
            "posterior", 0.25,
            "consistency", 0.1,
            "strong", 0.4),
        weights(method, 200));
  }

  @Test
  void everyTermCanBeSwitchedOff() throws IOException {
    var supervised =
        new PerturbationConsistentDistillation.Config(
            Rampup.over(STEPS),
            Distillation.Config.off(),
            Distribution.Config.off(),
            0,
            0,
            0,
            new Perturbation(),
            2);
    assertEquals(Set.of("supervised"), weights(method(supervised), 200).keySet());
    var average = supervised.withConsistency(0.1);
    assertEquals(Set.of("supervised", "consistency"), weights(method(average), 200).keySet());
    var strong = supervised.withStrong(0.4);
    assertEquals(Set.of("supervised", "strong"), weights(method(strong), 200).keySet());
    var noResponse =
        PerturbationConsistentDistillation.Config.of(
                STEPS,
                Distillation.Config.of("deep").withResponse(0),
                Distribution.Config.of("deep").withTerms(1, 0, 0))
            .withConsistency(0);
    assertEquals(
        Set.of("supervised", "feature", "orthogonality", "align"),
        weights(method(noResponse), 200).keySet());
  }

  @Test
  void aDetachedProjectorIsNeitherTrainedNorHeldOrthogonal() throws IOException {
    var config =
        PerturbationConsistentDistillation.Config.of(
            STEPS,
            Distillation.Config.of("deep").withStart(2).detached(),
            Distribution.Config.off());
    var method = method(config);
    method.prepare(Blobs::batch, 1, () -> false);
    assertEquals(0, method.weights().trainable().size());
    assertEquals(
        Set.of("supervised", "feature", "response", "consistency"), weights(method, 200).keySet());
  }

  @Test
  void projectorsStartOrthonormal() throws IOException {
    var method = method(WholeMethod.config(STEPS));
    method.prepare(Blobs::batch, 1, () -> false);
    assertEquals(0, value(method, 0, "orthogonality"), 1e-12);
  }

  /** The tiny student has dropout; without noise it must still answer with nothing. */
  @Test
  void bothPassesDropTheSame() throws IOException {
    var config = WholeMethod.config(STEPS);
    var quiet =
        new PerturbationConsistentDistillation.Config(
            config.rampup(),
            config.distillation(),
            config.distribution(),
            0.1,
            0,
            0,
            new Perturbation(0, 0),
            2);
    assertEquals(0, value(method(quiet), 200, "response"));
    assertTrue(value(method(config), 200, "response") > 0.1);
  }

  @SuppressWarnings("try") // an open tape makes it a training pass
  private double value(PerturbationConsistentDistillation method, int step, String term)
      throws IOException {
    try (var tape = new Tape(step)) {
      return method.of(Blobs.batch(step, 1), step).values().getOrDefault(term, Double.NaN);
    }
  }

  @Test
  void aPromptedTeacherSeesBoxesOfTheStudentAlone() throws IOException {
    var boxes = new ArrayList<Box>();
    PseudoLabels.PromptedTeacher prompted =
        (image, box) -> {
          boxes.add(box);
          return Tensor.full(image.type(), 0.8, 1, 1, 32, 32);
        };
    var sure =
        new Students(students.current(), students.weights(), new Sure(), students.averageWeights());
    var config =
        new PerturbationConsistentDistillation.Config(
                Rampup.over(STEPS),
                Distillation.Config.off(),
                Distribution.Config.off(),
                0,
                0,
                0,
                new Perturbation(),
                2)
            .withMasks(0.3);
    var method =
        new PerturbationConsistentDistillation(config, sure, teacher.cachedIn(folder), 7, prompted);
    assertEquals(Map.of("supervised", 1.0, "masks", 0.3), weights(method, 200));
    assertEquals(2, boxes.size());
    for (var box : boxes) {
      assertTrue(box.x0() <= 4 && box.x0() >= 3 && box.x1() >= 15 && box.x1() <= 16, "" + box);
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> new PerturbationConsistentDistillation(config, sure, teacher.cachedIn(folder), 7));
  }

  /** Sees a lesion at rows and columns 4 to 15 of every image. */
  private record Sure() implements Segmenter {
    @Override
    public List<Tap> taps() {
      return List.of();
    }

    @Override
    public Output observe(Tensor image) {
      var logits = new float[(int) image.size(0) * 32 * 32];
      for (int i = 0; i < logits.length; i++) {
        int x = i % 32;
        int y = i / 32 % 32;
        logits[i] = x >= 4 && x < 16 && y >= 4 && y < 16 ? 5 : -5;
      }
      return new Output(Tensor.of(logits, image.size(0), 1, 32, 32), Map.of());
    }
  }

  @Test
  void theTeacherIsBitIdenticalAfterTraining() throws IOException {
    var before = teacher.fingerprint();
    var method = method(WholeMethod.config(6));
    var config = SemiSupervisedTraining.Config.of(6, 1, folder.resolve("run"));
    new SemiSupervisedTraining(config, Blobs::batch, students, method)
        .run(new SemiSupervisedTraining.Listener() {}, () -> false);
    assertEquals(before, teacher.fingerprint());
  }

  @Test
  void cachedAndFreshTeachersTrainAlike() throws IOException {
    var fresh = run("fresh");
    var cached = run("fresh"); // the same folder of embeddings, filled by now
    assertArrayEquals(fresh, cached, 0);
  }

  private float[] run(String cache) throws IOException {
    var pair = Students.of(TinySegmenter::new, 1);
    var method =
        new PerturbationConsistentDistillation(
            WholeMethod.config(6), pair, teacher.cachedIn(folder.resolve(cache)), 7);
    var config =
        SemiSupervisedTraining.Config.of(
            6, 1, java.nio.file.Files.createTempDirectory(folder, "r"));
    new SemiSupervisedTraining(config, Blobs::batch, pair, method)
        .run(new SemiSupervisedTraining.Listener() {}, () -> false);
    return pair.weights().all().get(0).toFloats();
  }

  /** A batch has no field for masks of unlabelled images, so that nobody can read them. */
  @Test
  void aBatchHasNoMaskOfUnlabelledImages() {
    var masks =
        java.util.Arrays.stream(MixedBatch.class.getRecordComponents())
            .filter(c -> c.getName().contains("ask"))
            .count();
    assertEquals(1, masks);
  }
}
