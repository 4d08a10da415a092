// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** Every sub-command end to end on a dozen small images; later ones use what earlier ones made. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class CommandsTest {
  @TempDir static Path temporary;

  private static Path data() {
    return temporary.resolve("data");
  }

  private static Path teacher() {
    return temporary.resolve("teacher").resolve("teacher.safetensors");
  }

  private static Path student() {
    return temporary.resolve("whole").resolve("student.safetensors");
  }

  @BeforeAll
  static void makeData() throws IOException {
    TinyData.in(data());
  }

  private static void done(Run run) {
    assertEquals(0, run.status(), run.said());
  }

  @Test
  void everyCommandExplainsItself() {
    for (var command : List.of("demo", "pretrain", "train", "segment", "evaluate", "info")) {
      var run = Run.of(command, "--help");
      done(run);
      assertTrue(run.results().contains("Usage: antaboga " + command), run.results());
    }
    assertTrue(Run.of("--help").results().contains("Commands:"));
    assertTrue(Run.of().results().contains("Commands:"));
    assertTrue(Run.of("--version").results().startsWith("Antaboga "));
  }

  @Test
  void infoTellsKernelsAndExactParameters() {
    var run = Run.of("info");
    done(run);
    for (var fact : List.of("scan ", "BLAS core", "1,344,956", "93,735,472", "7,594,352")) {
      assertTrue(run.results().contains(fact), fact);
    }
  }

  @Test
  @Order(1)
  void pretrainsATeacher() {
    var run =
        Run.of(
            "pretrain",
            "--data",
            data(),
            "--out",
            temporary.resolve("teacher"),
            "--size",
            32,
            "--patch",
            8,
            "--width",
            64,
            "--depth",
            1,
            "--steps",
            2,
            "--batch",
            2);
    done(run);
    assertEquals(teacher().toString(), run.results().strip());
    assertTrue(Files.exists(teacher()));
  }

  @Test
  @Order(2)
  void trainsByTheWholeMethod() {
    var run =
        Run.of(
            "train",
            "--data",
            data(),
            "--out",
            temporary.resolve("whole"),
            "--labelled",
            34,
            "--teacher",
            teacher(),
            "--size",
            32,
            "--steps",
            3,
            "--batch",
            1,
            "--validate-every",
            2);
    done(run);
    assertEquals(student().toString(), run.results().strip());
    assertTrue(run.said().contains("2 labelled images"), run.said());
  }

  @Test
  @Order(3)
  void resumesToTheSameBits() throws IOException {
    var whole = temporary.resolve("at-once");
    var parts = temporary.resolve("in-parts");
    done(train(whole, 4));
    // what an interruption leaves: the checkpoint of step 2
    done(train(parts, 4));
    var bytes = Files.readAllBytes(whole.resolve("student.safetensors"));
    assertArrayEquals(bytes, Files.readAllBytes(parts.resolve("student.safetensors")));
    done(train(parts, 4)); // nothing left to do
    assertArrayEquals(bytes, Files.readAllBytes(parts.resolve("student.safetensors")));
  }

  private static Run train(Path out, int steps) {
    return Run.of(
        "train",
        "--data",
        data(),
        "--out",
        out,
        "--labelled",
        50,
        "--size",
        32,
        "--steps",
        steps,
        "--batch",
        1,
        "--save-every",
        2);
  }

  @Test
  @Order(4)
  void segmentsWithAStudent() throws IOException {
    var image = data().resolve("images").resolve(TinyData.name(8) + ".png");
    var out = temporary.resolve("masks");
    done(Run.of("segment", image, "--checkpoint", student(), "--out", out, "--overlay"));
    var mask = ImageIO.read(out.resolve(TinyData.name(8) + "_mask.png").toFile());
    assertEquals(40, mask.getWidth());
    assertEquals(36, mask.getHeight());
    assertTrue(Files.exists(out.resolve(TinyData.name(8) + "_overlay.png")));
  }

  @Test
  @Order(4)
  void segmentsWithATeacherAndABox() {
    var image = data().resolve("images").resolve(TinyData.name(9) + ".png");
    var out = temporary.resolve("boxed");
    var run =
        Run.of("segment", image, "--checkpoint", teacher(), "--box", "3,4,30,30", "--out", out);
    done(run);
    assertTrue(run.results().contains("of 1440 pixels"), run.results());
  }

  @Test
  @Order(4)
  void evaluatesBothKinds() throws IOException {
    var json = temporary.resolve("scores.json");
    var csv = temporary.resolve("scores.csv");
    var run =
        Run.of(
            "evaluate", "--checkpoint", student(), "--data", data(), "--json", json, "--csv", csv);
    done(run);
    for (var metric : List.of("Dice", "IoU", "HD95 px", "Sensitivity", "NSD@2")) {
      assertTrue(run.results().contains(metric), metric);
    }
    assertTrue(Files.readString(json).contains("\"means\""));
    assertEquals(3, Files.readAllLines(csv).size());
    done(Run.of("evaluate", "--checkpoint", teacher(), "--data", data(), "--split", "val"));
  }

  @Test
  @Order(5)
  void demonstratesAndResumes() throws IOException {
    var out = temporary.resolve("demo");
    var run = demo(out);
    done(run);
    var report = Files.readString(out.resolve("report.html"));
    assertFalse(report.contains("http"), "nothing from outside");
    for (var part : List.of("Dice", "Best", "Worst", "the teacher saw", "svg", "data:image/png")) {
      assertTrue(report.contains(part), part);
    }
    var again = demo(out);
    done(again);
    assertFalse(again.said().contains("labels only: "), "finished stages are not run again");
    assertEquals(run.results().lines().count(), again.results().lines().count());
  }

  private static Run demo(Path out) {
    return Run.of("demo", "--data", data(), "--out", out, "--labelled", 34, "--length", 0.01);
  }
}
