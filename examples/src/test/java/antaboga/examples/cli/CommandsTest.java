// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.examples.Guides;
import antaboga.examples.run.Network;
import antaboga.golden.Golden;
import antaboga.io.Checkpoint;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every sub-command end to end on a dozen small images; later ones use what earlier ones made. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class CommandsTest {
  private static final int INTERRUPTED = 128 + 15; // how a shell tells the signal TERM

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
    for (var command :
        List.of(
            "demo",
            "pretrain",
            "finetune",
            "train",
            "study",
            "segment",
            "evaluate",
            "convert",
            "export",
            "profile",
            "info")) {
      var run = Run.of(command, "--help");
      done(run);
      assertTrue(run.results().contains("Usage: antaboga " + command), run.results());
      assertFalse(run.results().contains("\\\\"), "a shell continues a line after one backslash");
    }
    assertTrue(Run.of("--help").results().contains("Commands:"));
    assertTrue(Run.of().results().contains("Commands:"));
    assertTrue(Run.of("--version").results().startsWith("Antaboga "));
  }

  @Test
  void commandsOfTheGuidesAreUnderstood() throws IOException {
    var commands = Guides.commands();
    assertTrue(commands.size() >= 5, commands.toString());
    for (var words : commands) {
      var run = Run.of(Stream.concat(words.stream(), Stream.of("--help")).toArray());
      assertEquals(0, run.status(), words + ": " + run.said());
    }
  }

  @Test
  void infoTellsKernelsAndExactParameters() {
    var run = Run.of("info");
    done(run);
    for (var fact :
        List.of("BLAS core", "1,344,956", "1,342,948", "49,457", "93,735,472", "7,594,352")) {
      assertTrue(run.results().contains(fact), fact);
    }
    var kernels =
        new ClassFileImporter()
            .importPackages("antaboga").stream()
                .map(JavaClass::getSimpleName)
                .filter(name -> name.endsWith("Kernel"))
                .map(name -> name.replace("Kernel", "").toLowerCase(Locale.ROOT))
                .toList();
    assertTrue(kernels.contains("scan"), kernels.toString());
    for (var kernel : kernels) {
      assertTrue(run.results().contains("\n  " + kernel + " "), kernel + " in " + run.results());
    }
  }

  @Test
  void profilesBlocksAndNetworks() {
    for (var name : List.of("vss", "vmamba", "mamba", "ultralight-vm-unet")) {
      var run = Run.of("profile", "--of", name, "--width", 8, "--size", 32, "--passes", 2);
      done(run);
      for (var part : List.of("% in products, scan", "Linear", "Scan", "between them")) {
        assertTrue(run.results().contains(part), run.results());
      }
    }
  }

  @Test
  void convertsACheckpointOfPyTorch() throws IOException {
    var nested = Golden.slice().resolve("sam/pth/nested.pth");
    var out = temporary.resolve("made/nested.safetensors");
    var run = Run.of("convert", nested, "--out", out);
    done(run);
    assertEquals(out.toString(), run.results().strip());
    var converted = Checkpoint.open(out);
    assertEquals(Checkpoint.open(nested).stateDict().names(), converted.names());
    assertEquals("nested.pth", converted.metadata().get("converted.from"));
    assertEquals("3", converted.metadata().get("epoch"));
    done(Run.of("convert", nested, "--out", out, "--all"));
    assertEquals(Checkpoint.open(nested).names(), Checkpoint.open(out).names());
    var itself = Run.of("convert", out, "--out", out);
    assertEquals(1, itself.status());
    assertTrue(itself.said().contains("another --out"), itself.said());
    var evil = Golden.slice().resolve("sam/pth/evil_reduce.pth");
    var refused = Run.of("convert", evil, "--out", temporary.resolve("evil.safetensors"));
    assertEquals(1, refused.status());
    assertTrue(refused.said().contains("nothing was run"), refused.said());
    assertFalse(Files.exists(temporary.resolve("evil.safetensors")));
  }

  @Test
  @Order(1)
  void pretrainsATeacher() {
    var run = Run.of(pretraining(500));
    done(run);
    assertEquals(teacher().toString(), run.results().strip());
    assertTrue(Files.exists(teacher()));
    done(Run.of(pretraining(1))); // how often it is saved may change
  }

  private static Object[] pretraining(int saveEvery) {
    var words =
        "pretrain --data %s --out %s --size 32 --patch 8 --width 64 --depth 1 --steps 2 --batch 2"
            .formatted(data(), teacher().getParent());
    return (words + " --save-every " + saveEvery).split(" ");
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
    assertTrue(run.said().contains("; 2 labelled ("), run.said());
  }

  @Test
  @Order(3)
  void interruptedTrainingResumesToTheSameBits() throws Exception {
    var whole = temporary.resolve("at-once");
    var parts = temporary.resolve("in-parts");
    done(Run.of(training(whole)));
    var student = Path.of("student.safetensors");
    assertEquals(INTERRUPTED, interrupted(parts, training(parts)));
    assertFalse(Files.exists(parts.resolve(student)), "it was interrupted too late to tell");
    var resumed = Run.of(training(parts));
    done(resumed);
    var bytes = Files.readAllBytes(whole.resolve(student));
    assertArrayEquals(bytes, Files.readAllBytes(parts.resolve(student)), resumed.said());
    done(Run.of(training(parts))); // nothing left to do
    assertArrayEquals(bytes, Files.readAllBytes(parts.resolve(student)));
  }

  private static Object[] training(Path out) {
    var words =
        "train --data %s --out %s --labelled 50 --size 32 --steps 60 --batch 1 --save-every 1000"
            .formatted(data(), out);
    return words.split(" ");
  }

  /** Runs a command in a process of its own, which is asked to end once it has begun to train. */
  private static int interrupted(Path out, Object... words) throws Exception {
    var log = temporary.resolve("interrupted.log");
    var process =
        Launched.of(log, words)
            .until(() -> Files.exists(out.resolve("checkpoint.safetensors")))
            .process();
    process.destroy(); // as kill does; Ctrl-C takes the same way
    assertTrue(process.waitFor(1, TimeUnit.MINUTES));
    var said = Files.readString(log);
    assertTrue(said.contains("the same command goes on from there"), said);
    return process.exitValue();
  }

  /** Trained by the whole method at its own taps, then found again by what the file says. */
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "VSS_UNET_TINY")
  @Order(3)
  void everyNetworkCanBeTheStudent(Network network) throws IOException {
    var out = temporary.resolve(network.toString());
    var train =
        "train --data %s --out %s --student %s --teacher %s --labelled 34 --size 32 --steps 1 --batch 1"
            .formatted(data(), out, network, teacher())
            .split(" ");
    done(Run.of((Object[]) train));
    var file = out.resolve("student.safetensors");
    assertEquals(network.toString(), Checkpoint.open(file).metadata().get("antaboga.model"));
    var image = data().resolve("images").resolve(TinyData.name(8) + ".png");
    done(Run.of("segment", image, "--checkpoint", file, "--out", out));
    assertTrue(Files.exists(out.resolve(TinyData.name(8) + "_mask.png")));
    done(Run.of("evaluate", "--checkpoint", file, "--data", data(), "--split", "val"));
    var other = Stream.of(train).map(word -> word.equals("" + network) ? "vss-unet-tiny" : word);
    assertTrue(Run.of(other.toArray()).said().contains("is of another run"));
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
  void segmentsWithPointsAndKeepsEmbeddings() throws IOException {
    var image = data().resolve("images").resolve(TinyData.name(9) + ".png");
    var cache = temporary.resolve("deep/cache");
    var words =
        List.of(
            "segment",
            image,
            "--checkpoint",
            teacher(),
            "--point",
            "12,14",
            "--not",
            "2,3",
            "--box",
            "3,4,30,30",
            "--memory",
            600,
            "--embeddings",
            cache,
            "--out",
            temporary.resolve("pointed"));
    var first = Run.of(words.toArray());
    done(first);
    Path kept;
    try (var files = Files.list(cache)) {
      kept = files.toList().get(0);
    }
    var time = Files.getLastModifiedTime(kept);
    var again = Run.of(words.toArray());
    done(again);
    assertEquals(first.results(), again.results());
    assertEquals(time, Files.getLastModifiedTime(kept));
    Files.write(kept, new byte[100]);
    assertEquals(first.results(), Run.of(words.toArray()).results());
    var little = new ArrayList<Object>(words);
    little.set(words.indexOf(600), 1);
    assertTrue(Run.of(little.toArray()).said().contains("the memory budget is 1 MB"));
    var sams = Run.of(Stream.concat(words.stream(), Stream.of("--preparation", "sam")).toArray());
    done(sams);
    try (var files = Files.list(cache)) {
      assertEquals(2, files.count());
    }
    var several = Stream.concat(words.stream(), Stream.of("--box", "1,1,9,9"));
    assertTrue(Run.of(several.toArray()).said().contains("points tell of one object, 2 boxes"));
    assertTrue(
        Run.of("segment", image, "--checkpoint", student(), "--point", "1,1")
            .said()
            .contains("a student takes no point"));
  }

  @Test
  @Order(4)
  void exportsBothKinds() throws IOException {
    var out = temporary.resolve("onnx");
    var teachers = Run.of("export", teacher(), "--out", out);
    done(teachers);
    assertEquals(2, teachers.results().lines().count(), teachers.results());
    for (var part : List.of("encoder.onnx", "decoder.onnx")) {
      assertTrue(teachers.results().contains(out.resolve(part).toString()), teachers.results());
    }
    done(Run.of("export", teacher(), "--out", out, "--alternatives"));
    var students = Run.of("export", student(), "--out", out);
    done(students);
    assertTrue(Files.exists(out.resolve("student.onnx")));
    done(Run.of("export", teacher(), "--out", out, "--size", 48, "--points"));
    done(Run.of("export", student(), "--out", out, "--size", 64));
    var odd = Run.of("export", teacher(), "--out", out, "--size", 50);
    assertTrue(odd.said().contains("50, expected a multiple of patch"), odd.said());
    assertEquals(2, Run.of("export", student(), "--out", out, "--size", 50).status());
    var refused = Run.of("export", student(), "--out", out, "--alternatives");
    assertTrue(refused.complaint().contains("no alternative masks"), refused.said());
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
    assertFalse(report.contains("://"), "nothing from outside"); // base64 has no colon
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
