// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.distill.semi.SemiSupervisedTraining.Config;
import antaboga.distill.semi.SemiSupervisedTraining.Listener;
import antaboga.distill.semi.SemiSupervisedTraining.NonFinite;
import antaboga.distill.semi.SemiSupervisedTraining.Objective;
import antaboga.io.Checkpoint;
import antaboga.nn.Weights;
import antaboga.nn.optim.Schedule;
import antaboga.ops.Reduction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SemiSupervisedTrainingTest {
  private static final Listener SILENT = new Listener() {};

  private final Path folder;

  SemiSupervisedTrainingTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private Config config(int steps, String name) {
    return Config.of(steps, 3, folder.resolve(name)).withIntervals(4, 1000).withData("blobs");
  }

  private static Students students() {
    return Students.of(TinySegmenter::new, 3);
  }

  /** The whole method on tiny stand-ins. */
  private Objective method(Students students) {
    return new PerturbationConsistentDistillation(
        WholeMethod.config(12), students, TinyTeacher.of(5).cachedIn(folder.resolve("cache")), 3);
  }

  private SemiSupervisedTraining training(Config config, Students students) {
    return new SemiSupervisedTraining(config, Blobs::batch, students, method(students));
  }

  private static byte[] checkpoint(Config config) throws IOException {
    return Files.readAllBytes(config.checkpoint());
  }

  @Test
  void theLossFalls() throws IOException {
    var totals = new ArrayList<Double>();
    var students = students();
    var objective = new Supervised(students.current());
    var config = config(60, "run").withSchedule(Schedule.constant(0.02));
    new SemiSupervisedTraining(config, Blobs::batch, students, objective)
        .run(
            new Listener() {
              @Override
              public void stepped(int step, Losses losses, double rate) {
                totals.add(losses.values().get("supervised"));
              }
            },
            () -> false);
    assertEquals(60, totals.size());
    assertTrue(totals.get(59) < 0.5 * totals.get(0), totals.toString());
  }

  @Test
  void stoppedAndResumedEqualsUninterruptedBitForBit() throws IOException {
    var whole = config(12, "whole");
    assertEquals(12, training(whole, students()).run(SILENT, () -> false));

    var parts = config(12, "parts");
    var taken = new int[1];
    var counting =
        new Listener() {
          @Override
          public void stepped(int step, Losses losses, double rate) {
            taken[0]++;
          }
        };
    assertEquals(5, training(parts, students()).run(counting, () -> taken[0] == 5));
    var resumed = new ArrayList<Integer>();
    var listener =
        new Listener() {
          @Override
          public void resumed(int step, Path checkpoint) {
            resumed.add(step);
          }
        };
    assertEquals(12, training(parts, students()).run(listener, () -> false));
    assertEquals(List.of(5), resumed);
    assertArrayEquals(checkpoint(whole), checkpoint(parts));
  }

  @Test
  void aRunStoppedWhilePreparingIsPreparedAgain() throws IOException {
    var whole = config(4, "whole");
    training(whole, students()).run(SILENT, () -> false);
    var stopped = config(4, "stopped");
    assertEquals(0, training(stopped, students()).run(SILENT, () -> true));
    training(stopped, students()).run(SILENT, () -> false);
    assertArrayEquals(checkpoint(whole), checkpoint(stopped));
  }

  @Test
  void aRunThatDiedResumesFromItsLastCheckpoint() throws IOException {
    var whole = config(12, "whole");
    training(whole, students()).run(SILENT, () -> false);
    var died = config(12, "died");
    var dying =
        new Listener() {
          @Override
          public void stepped(int step, Losses losses, double rate) {
            if (step == 6) {
              throw new IllegalStateException("power cut");
            }
          }
        };
    assertThrows(
        IllegalStateException.class, () -> training(died, students()).run(dying, () -> false));
    assertEquals("4", Checkpoint.open(died.checkpoint()).metadata().get("step"));
    training(died, students()).run(SILENT, () -> false);
    assertArrayEquals(checkpoint(whole), checkpoint(died));
  }

  @Test
  void aFinishedRunIsNotRepeated() throws IOException {
    var config = config(3, "run");
    training(config, students()).run(SILENT, () -> false);
    var never =
        new Listener() {
          @Override
          public void stepped(int step, Losses losses, double rate) {
            throw new AssertionError("step " + step);
          }
        };
    assertEquals(3, training(config, students()).run(never, () -> false));
  }

  @Test
  void theAverageOfTheCheckpointIsAStudent() throws IOException {
    var config = config(4, "run");
    var students = students();
    training(config, students).run(SILENT, () -> false);
    var weights = Weights.from(Checkpoint.open(config.checkpoint()).under("average.").arrays());
    var loaded = new TinySegmenter(weights);
    weights.requireAllUsed();
    var image = Blobs.image(1);
    assertArrayEquals(
        students.average().forward(image).toFloats(), loaded.forward(image).toFloats(), 0);
  }

  @Test
  void validatesAndSavesWhenDue() throws IOException {
    var events = new ArrayList<String>();
    var students = students();
    var objective = new Supervised(students.current());
    new SemiSupervisedTraining(
            config(5, "run").withIntervals(4, 2),
            Blobs::batch,
            students,
            objective,
            SemiSupervisedTraining.adamW(students, objective),
            () -> Map.of("dice", 0.5))
        .run(
            new Listener() {
              @Override
              public void validated(int step, Map<String, Double> scores) {
                events.add("validated " + step + " " + scores);
              }

              @Override
              public void saving(int step) {
                events.add("saving " + step);
              }

              @Override
              public void saved(int step, Path checkpoint) {
                events.add("saved " + step);
              }
            },
            () -> false);
    assertEquals(
        List.of(
            "saving 0",
            "saved 0",
            "validated 2 {dice=0.5}",
            "validated 4 {dice=0.5}",
            "saving 4",
            "saved 4",
            "validated 5 {dice=0.5}",
            "saving 5",
            "saved 5"),
        events);
  }

  @Test
  void aLossThatIsNotFiniteStopsTheRunBeforeAnythingIsSaved() throws IOException {
    var config = config(12, "run");
    var students = students();
    Objective broken =
        (batch, step) -> {
          var logits = students.current().forward(batch.labelled());
          var losses = Losses.of("fine", logits.mean());
          return step < 6 ? losses : losses.plus("sick", 1, logits.mul(0).log().mul(0).mean());
        };
    var training = new SemiSupervisedTraining(config, Blobs::batch, students, broken);
    var e = assertThrows(NonFiniteException.class, () -> training.run(SILENT, () -> false));
    assertEquals(6, e.step());
    assertEquals("sick", e.culprit());
    assertTrue(e.toString().contains("Log[], output (2, 1, 32, 32)"), e.toString());
    assertEquals("4", Checkpoint.open(config.checkpoint()).metadata().get("step"));
  }

  /** Sick at some steps: the term, or the gradient alone. */
  private static Objective sick(Students students, IntPredicate loss, IntPredicate gradient) {
    return (batch, step) -> {
      var logits = students.current().forward(batch.labelled());
      var losses = Losses.of("fine", logits.mul(logits).mean());
      var weight = students.weights().all().get(0);
      if (gradient.test(step)) {
        return losses.plus("root", 1, weight.mul(0).sqrt().sum());
      }
      return loss.test(step) ? losses.plus("sick", 1, logits.mul(0).log().mean()) : losses;
    };
  }

  @Test
  void aSkippedStepChangesNothing() throws IOException {
    var students = students();
    var before = new ArrayList<float[]>();
    var skipped = new ArrayList<String>();
    var training =
        new SemiSupervisedTraining(
            config(8, "run").withNonFinite(NonFinite.SKIP),
            Blobs::batch,
            students,
            sick(students, step -> step == 3, step -> step == 5));
    training.run(
        new Listener() {
          @Override
          public void stepped(int step, Losses losses, double rate) {
            before.add(students.weights().all().get(0).toFloats());
          }

          @Override
          public void skipped(int step, NonFiniteException reason) {
            skipped.add(step + " " + reason.culprit() + " " + reason.batch());
            assertArrayEquals(
                before.get(before.size() - 1), students.weights().all().get(0).toFloats());
          }
        },
        () -> false);
    assertEquals(6, before.size());
    assertEquals(2, skipped.size());
    assertTrue(skipped.get(0).startsWith("3 sick ["), skipped.get(0));
    assertTrue(skipped.get(1).startsWith("5 stem.weight ["), skipped.get(1));
    for (var parameter : students.weights().all()) {
      assertTrue(Reduction.isFinite(parameter.array()), parameter.name());
    }
  }

  @Test
  void aRunThatIsSickForGoodEndsThoughItMaySkip() {
    var students = students();
    var training =
        new SemiSupervisedTraining(
            config(100, "run").withNonFinite(NonFinite.SKIP),
            Blobs::batch,
            students,
            sick(students, step -> step >= 10, step -> false));
    var e = assertThrows(NonFiniteException.class, () -> training.run(SILENT, () -> false));
    assertEquals(30, e.step());
  }

  @Test
  void aGradientThatIsNotFiniteNamesItsParameter() {
    var students = students();
    Objective broken =
        (batch, step) -> Losses.of("root", students.weights().all().get(0).mul(0).sqrt().sum());
    var training = new SemiSupervisedTraining(config(2, "run"), Blobs::batch, students, broken);
    var e = assertThrows(NonFiniteException.class, () -> training.run(SILENT, () -> false));
    assertEquals("stem.weight", e.culprit());
  }

  @Test
  void aFolderThatCannotBeWrittenFailsBeforeTheFirstStep() throws IOException {
    var blocked = Files.createFile(folder.resolve("file")).resolve("below");
    var students = students();
    Objective never =
        (batch, step) -> {
          throw new AssertionError("a step was taken");
        };
    var training =
        new SemiSupervisedTraining(Config.of(2, 1, blocked), Blobs::batch, students, never);
    var e = assertThrows(IOException.class, () -> training.run(SILENT, () -> false));
    assertTrue(e.toString().contains(blocked.toString()), e.toString());
    assertTrue(e.toString().contains("make the folder writable"), e.toString());
  }

  @Test
  void aSaveThatFailsLeavesTheLastCheckpointUntouched() throws IOException {
    var config = config(8, "run");
    var before = new ArrayList<byte[]>();
    var sabotage =
        new Listener() {
          @Override
          public void saved(int step, Path checkpoint) {
            try {
              before.add(Files.readAllBytes(checkpoint));
              // the next one finds a folder in its place
              Files.move(checkpoint, checkpoint.resolveSibling("kept"));
              Files.createDirectory(checkpoint);
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          }
        };
    var e =
        assertThrows(
            IOException.class, () -> training(config, students()).run(sabotage, () -> false));
    assertTrue(e.toString().contains("step 4 could not be saved"), e.toString());
    assertArrayEquals(before.get(0), Files.readAllBytes(config.folder().resolve("kept")));
  }

  @Test
  void aCheckpointOfAnotherRunIsRefusedInWords() throws IOException {
    var config = config(3, "run");
    training(config, students()).run(SILENT, () -> false);
    var other = Config.of(3, 4, config.folder()).withData("blobs");
    var e =
        assertThrows(IOException.class, () -> training(other, students()).run(SILENT, () -> false));
    assertTrue(e.toString().contains("is of another run: 3, this run has 4"), e.toString());
    assertTrue(e.toString().contains("choose another folder"), e.toString());
  }

  @Test
  void anObjectiveThatIsALambdaResumes() throws IOException {
    var config = config(6, "run");
    var taken = new int[1];
    for (int run = 0; run < 2; run++) {
      var students = students();
      int stop = 3 * (run + 1);
      Objective objective =
          (batch, step) -> {
            taken[0]++;
            return new Supervised(students.current()).of(batch, step);
          };
      new SemiSupervisedTraining(config, Blobs::batch, students, objective)
          .run(SILENT, () -> taken[0] == stop);
    }
    assertEquals(6, taken[0]);
  }

  @Test
  void aCheckpointOfAnotherStudentIsRefused() throws IOException {
    var config = config(3, "run");
    var students = students();
    new SemiSupervisedTraining(config, Blobs::batch, students, new Supervised(students.current()))
        .run(SILENT, () -> false);
    var other = Students.of(w -> new TinySegmenter(w.at("deeper")), 3);
    var training =
        new SemiSupervisedTraining(config, Blobs::batch, other, new Supervised(other.current()));
    var e = assertThrows(IOException.class, () -> training.run(SILENT, () -> false));
    assertTrue(e.toString().contains("no values for deeper.stem.weight"), e.toString());
  }

  @Test
  void aTornCheckpointIsRefusedWithItsPath() throws IOException {
    var config = config(3, "run");
    training(config, students()).run(SILENT, () -> false);
    var bytes = checkpoint(config);
    Files.write(config.checkpoint(), java.util.Arrays.copyOf(bytes, bytes.length - 100));
    var e =
        assertThrows(
            IOException.class, () -> training(config, students()).run(SILENT, () -> false));
    assertTrue(e.toString().contains(config.checkpoint().toString()), e.toString());
  }

  @Test
  void nothingButTheCheckpointIsLeftInTheFolder() throws IOException {
    var config = config(5, "run");
    training(config, students()).run(SILENT, () -> false);
    try (var files = Files.list(config.folder())) {
      assertEquals(List.of(config.checkpoint()), files.toList());
    }
  }
}
