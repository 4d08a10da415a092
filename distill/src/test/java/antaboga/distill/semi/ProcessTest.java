// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.distill.semi.SemiSupervisedTraining.Config;
import antaboga.distill.semi.SemiSupervisedTraining.Listener;
import antaboga.nn.Init;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What shows only in a process of its own: the number of threads, and memory. */
class ProcessTest {
  private final Path folder;

  ProcessTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private static List<String> java(String... options) {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(options));
    return command;
  }

  private String[] train(int steps, String name, String... options) throws Exception {
    return printed(WholeMethod.class, steps, name, options).split(" ");
  }

  private String printed(Class<?> program, int steps, String name, String... options)
      throws Exception {
    var command = java("-Xms160m", "-Xmx160m", "-XX:+AlwaysPreTouch");
    command.addAll(List.of(options));
    command.addAll(List.of(program.getName(), "" + steps, "" + folder.resolve(name)));
    var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().put("OMP_NUM_THREADS", "1");
    var process = builder.start();
    var printed = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
    assertEquals(0, process.waitFor(), printed);
    return printed;
  }

  @Test
  void oneThreadAndTwoAndFourGiveTheSameBits() throws Exception {
    var one = train(6, "one", "-Dantaboga.threads=1");
    assertEquals(one[0], train(6, "two", "-Dantaboga.threads=2")[0]);
    assertEquals(one[0], train(6, "four", "-Dantaboga.threads=4")[0]);
  }

  @Test
  void soDoTheMethodsThatItIsComparedWith() throws Exception {
    var one = printed(Competitors.class, 4, "one", "-Dantaboga.threads=1");
    assertEquals(Competitors.all().size(), one.lines().count(), one);
    assertEquals(one, printed(Competitors.class, 4, "two", "-Dantaboga.threads=2"));
    assertEquals(one, printed(Competitors.class, 4, "four", "-Dantaboga.threads=4"));
  }

  @Test
  void memoryStaysFlat() throws Exception {
    var printed = train(80, "long", "-Dantaboga.threads=1");
    double growth = Double.parseDouble(printed[2]) / Double.parseDouble(printed[1]);
    assertTrue(growth < 1.1, "megabytes at half time and at the end: " + List.of(printed));
  }

  /** Every step is saved, so that many of the moments lie within a save. */
  @Test
  void killedAtAnyMomentItEndsWithTheSameBits() throws Exception {
    int kills = Integer.getInteger("antaboga.test.kills", 3);
    int steps = 40 * kills;
    var whole = train(steps, "whole", "-Dsaving=1");
    var checkpoint = folder.resolve("killed/run/checkpoint.safetensors");
    var random = new Random(1);
    int killed = 0;
    while (killed < kills) {
      var command = java("-Dsaving=1", WholeMethod.class.getName());
      command.addAll(List.of("" + steps, "" + folder.resolve("killed")));
      var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
      builder.environment().put("OMP_NUM_THREADS", "1");
      var before = Files.exists(checkpoint) ? Files.getLastModifiedTime(checkpoint) : null;
      var process = builder.redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
      while (process.isAlive() && unchanged(checkpoint, before)) {
        process.waitFor(1, TimeUnit.MILLISECONDS);
      }
      boolean ended = process.waitFor(random.nextInt(400), TimeUnit.MILLISECONDS);
      assertFalse(ended, "ended before kill " + killed + " of " + kills);
      process.destroyForcibly().waitFor(); // SIGKILL
      killed++;
    }
    assertEquals(whole[0], train(steps, "killed", "-Dsaving=1")[0]);
    try (var files = Files.list(checkpoint.resolveSibling(""))) {
      assertEquals(List.of(checkpoint), files.toList());
    }
  }

  private static boolean unchanged(Path file, @Nullable FileTime before) throws IOException {
    return !Files.exists(file) || Files.getLastModifiedTime(file).equals(before);
  }

  /** The shell's limit on the size of a file ends a write half way, as a full disk does. */
  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void aWriteThatFailsHalfWayLeavesTheLastCheckpointWhole() throws Exception {
    var taken = new int[1];
    Heavy.run(folder, () -> taken[0]++ == 2);
    var checkpoint = Config.of(Heavy.STEPS, 3, folder).checkpoint();
    var before = Files.readAllBytes(checkpoint);

    var command = new ArrayList<String>(); // half a kilobyte is the shell's unit
    command.addAll(List.of("sh", "-c", "ulimit -f 4096; exec \"$@\"", "sh"));
    command.addAll(java("-XX:-UsePerfData", Heavy.class.getName(), folder.toString()));
    var process = new ProcessBuilder(command).start();
    var printed = new String(process.getErrorStream().readAllBytes(), UTF_8);
    assertEquals(1, process.waitFor(), printed);

    var complaint = printed.lines().filter(line -> line.startsWith("Exception")).toList();
    assertEquals(1, complaint.size(), printed);
    for (var part : List.of(checkpoint.toString(), "step 4", "too large", "free some space")) {
      assertTrue(complaint.get(0).contains(part), complaint.get(0));
    }
    assertArrayEquals(before, Files.readAllBytes(checkpoint));
    try (var files = Files.list(folder)) {
      assertEquals(List.of(checkpoint), files.toList());
    }
  }

  /** Trains a student whose checkpoint takes three megabytes. */
  static final class Heavy {
    static final int STEPS = 4;

    public static void main(String[] args) throws IOException {
      run(Path.of(args[0]), () -> false);
    }

    static void run(Path folder, BooleanSupplier stopRequested) throws IOException {
      var students =
          Students.of(
              w -> {
                w.buffer("ballast", Init.zeros(), 400_000);
                return new TinySegmenter(w);
              },
              3);
      var config = Config.of(STEPS, 3, folder).withIntervals(STEPS, STEPS);
      var objective = new Supervised(students.current());
      new SemiSupervisedTraining(config, Blobs::batch, students, objective)
          .run(new Listener() {}, stopRequested);
    }
  }
}
