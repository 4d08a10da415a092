// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.Tape;
import antaboga.distill.semi.SemiSupervisedTraining.Config;
import antaboga.distill.semi.SemiSupervisedTraining.Listener;
import antaboga.nn.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.ThrowingConsumer;
import org.junit.jupiter.api.io.TempDir;

/** What holds for every method that the whole one is compared with. */
class CompetitorsTest {
  private static final int STEPS = 8;
  private static final int STOP = 5;
  private static final Listener SILENT = new Listener() {};

  private final Path folder;

  CompetitorsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private static Stream<DynamicTest> each(ThrowingConsumer<Competitors.Making> test) {
    return Competitors.all().entrySet().stream()
        .map(e -> DynamicTest.dynamicTest(e.getKey(), () -> test.accept(e.getValue())));
  }

  private SemiSupervisedTraining training(Competitors.Making making, Config config) {
    var students = Students.of(TinySegmenter::new, 3);
    var objective = making.of(students, STEPS, folder.resolve("cache"));
    return new SemiSupervisedTraining(config, Blobs::batch, students, objective);
  }

  private static Config config(Path run, long seed) {
    return Config.of(STEPS, seed, run).withIntervals(100, 100);
  }

  private byte[] trained(Competitors.Making making, long seed) throws IOException {
    var config = config(Files.createTempDirectory(folder, "run"), seed);
    assertEquals(STEPS, training(making, config).run(SILENT, () -> false));
    return Files.readAllBytes(config.checkpoint());
  }

  @TestFactory
  Stream<DynamicTest> theSameSeedGivesTheSameBits() {
    return each(
        making -> {
          var once = trained(making, 3);
          assertArrayEquals(once, trained(making, 3));
          assertNotEquals(
              java.util.Arrays.hashCode(once), java.util.Arrays.hashCode(trained(making, 4)));
        });
  }

  @TestFactory
  Stream<DynamicTest> stoppedAndResumedEqualsUninterrupted() {
    return each(
        making -> {
          var config = config(Files.createTempDirectory(folder, "parts"), 3);
          var taken = new int[1];
          var counting =
              new Listener() {
                @Override
                public void stepped(int step, Losses losses, double rate) {
                  taken[0]++;
                }
              };
          assertEquals(STOP, training(making, config).run(counting, () -> taken[0] == STOP));
          assertEquals(STEPS, training(making, config).run(SILENT, () -> false));
          assertArrayEquals(trained(making, 3), Files.readAllBytes(config.checkpoint()));
        });
  }

  @TestFactory
  Stream<DynamicTest> everythingTrainedGetsAGradientAndTheAverageNone() {
    return each(
        making -> {
          var weights = Weights.init(3);
          var average = Weights.init(3); // not frozen, so that a gradient could reach it
          var students =
              new Students(
                  new TinySegmenter(weights), weights, new TinySegmenter(average), average);
          var objective = making.of(students, STEPS, folder.resolve("cache"));
          try (var tape = new Tape(1)) {
            var losses = objective.of(Blobs.batch(1, 3), STEPS - 1);
            var gradients = tape.gradients(losses.total());
            for (var parameter : average.all()) {
              assertFalse(gradients.of(parameter).isPresent(), parameter.name());
            }
            for (var trained : new Weights[] {weights, objective.weights()}) {
              for (var parameter : trained.trainable()) {
                assertTrue(gradients.of(parameter).isPresent(), parameter.name());
              }
            }
          }
        });
  }
}
