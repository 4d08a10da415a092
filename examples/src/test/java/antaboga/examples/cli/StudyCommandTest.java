// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.io.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Studies end to end, of every method, on a dozen small images. */
class StudyCommandTest {
  private static final String HEAD =
      """
      sets: [discs]
      labels: [34]
      seeds: [1]
      size: 32
      steps: 2
      labelled-batch: 2
      validate-every: 1
      teacher:
        {also: [others], size: 32, patch: 8, width: 64, depth: 1, steps: 2, batch: 1, tune: 2}
      """;

  private static final String METHODS =
      """
      methods:
        few: {recipe: supervised}
        all: {recipe: supervised, labels: 100}
        augmented: {recipe: supervised, z-score: true, vary: true, strong: 1}
        u-net: {recipe: supervised, network: u-net}
        mean-teacher: {recipe: mean-teacher}
        ua-mt: {recipe: ua-mt}
        cps: {recipe: cps}
        unimatch: {recipe: unimatch}
        bcp: {recipe: bcp}
        features: {recipe: features, taps: [dec3]}
        control: {recipe: features, taps: [dec3], untrained-teacher: true}
        started: {recipe: unimatch, z-score: true, warm-start: 2}
        ours: {recipe: antaboga, warm-start: 2, masks: 0.3, strong: 0.5, ramp-start: 0, committee: few}
      compare: {ours: ours, against: [mean-teacher, bcp], floor: few, ceiling: all}
      """;

  @TempDir static Path folder;

  @BeforeAll
  static void makeData() throws IOException {
    for (var name : List.of("discs", "others")) {
      TinyData.in(folder.resolve(name));
    }
    var list = folder.resolve("discs/splits/train_labeled_34pct.txt");
    Files.writeString(list, TinyData.name(0) + "\n" + TinyData.name(1) + "\n");
  }

  private static Path study(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private static void done(Run run) {
    assertEquals(0, run.status(), run.said());
  }

  /** What must not depend on how a study was run: the scores of all test images by file. */
  private static Map<String, String> scores(Path out) throws IOException {
    var scores = new TreeMap<String, String>();
    try (var files = Files.walk(out)) {
      for (var file : files.filter(f -> f.toString().endsWith(".csv")).toList()) {
        scores.put(out.relativize(file).toString(), Files.readString(file));
      }
    }
    return scores;
  }

  @Test
  void runsEveryMethodOnceAndReadsNoMaskOfUnlabelledImages() throws IOException {
    var file = study("every.yaml", HEAD + METHODS);
    var out = folder.resolve("every");
    var run = Run.of("study", file, "--out", out);
    done(run);
    assertTrue(run.results().contains("ours"), run.results());
    assertEquals(14, Files.readAllLines(out.resolve("summary.csv")).size());
    assertEquals(3, Files.readAllLines(out.resolve("comparisons.csv")).size());
    var cell = out.resolve("cells/discs/34/ours/1");
    for (var part : List.of("result.json", "log.jsonl", "best.safetensors")) {
      assertTrue(Files.exists(cell.resolve(part)), part);
    }
    assertTrue(Files.size(cell.resolve("events.out.tfevents.antaboga")) > 100);
    assertFalse(Files.exists(cell.resolve("checkpoint.safetensors")));

    done(Run.of("study", file, "--out", out, "--report"));
    var page = Files.readString(out.resolve("report.html"));
    for (var part : List.of("Worst, discs", "teacher, true box", "34 % of labels", "<svg")) {
      assertTrue(page.contains(part), part);
    }

    var again = Run.of("study", file, "--out", out);
    done(again);
    assertFalse(again.said().contains("discs/34/few/1:"), again.said());

    for (int i = 2; i < 6; i++) { // neither the teachers nor the prompts may need them
      Files.delete(folder.resolve("discs/masks").resolve(TinyData.name(i) + ".png"));
    }
    var blind = folder.resolve("blind");
    var few = HEAD + METHODS.replaceAll(" {2}all: .*\n", "").replace(", ceiling: all", "");
    done(Run.of("study", study("blind.yaml", few), "--out", blind));
    var right = scores(out);
    var poisoned = scores(blind);
    for (var name : poisoned.keySet()) {
      if (name.startsWith("cells")) {
        assertEquals(right.get(name), poisoned.get(name), name);
      }
    }
    assertEquals(tuned(out), tuned(blind));
    TinyData.in(folder.resolve("discs"));
  }

  /** The teacher whose decoder was tuned on the labelled images: its file's folder and content. */
  private static String tuned(Path out) throws IOException {
    try (var folders = Files.list(out.resolve("teachers/discs"))) {
      var all = folders.filter(f -> f.getFileName().toString().startsWith("tuned-34-")).toList();
      assertEquals(1, all.size(), "only a method that asks for masks needs it, and it once");
      var weights = Checkpoint.open(all.get(0).resolve("teacher.safetensors")).arrays();
      return all.get(0).getFileName() + " " + weights;
    }
  }

  @Test
  void severalProcessesShareTheWorkAndAKilledOneGoesOn() throws Exception {
    var text = HEAD.replace("steps: 2\n", "steps: 6\nsave-every: 2\n").replace("[1]", "[1, 2]");
    var file = study("shared.yaml", text + "methods: {few: {recipe: supervised}}");
    var whole = folder.resolve("whole");
    done(Run.of("study", file, "--out", whole));

    var killed = folder.resolve("killed");
    var command = new ArrayList<String>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(
        List.of(Antaboga.class.getName(), "study", file.toString(), "--out", killed.toString()));
    var process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("killed.log").toFile())
            .start();
    var log = killed.resolve("cells/discs/34/few/1/log.jsonl");
    while (process.isAlive() && (!Files.exists(log) || Files.size(log) == 0)) {
      process.waitFor(20, TimeUnit.MILLISECONDS);
    }
    process.destroyForcibly().waitFor();
    assertFalse(Files.exists(killed.resolve("summary.csv")));

    var run = Run.of("study", file, "--out", killed, "--jobs", 2, "--threads", 1);
    done(run);
    assertEquals(scores(whole), scores(killed));
    assertTrue(Files.exists(killed.resolve("job-2.log")));
  }

  @Test
  void refusesResultsOfOtherSettings() throws IOException {
    var out = folder.resolve("changed");
    var methods = "methods: {few: {recipe: supervised}}";
    done(Run.of("study", study("changed.yaml", HEAD + methods), "--out", out));
    var other = HEAD.replace("steps: 2\n", "steps: 4\n") + methods;
    var run = Run.of("study", study("changed.yaml", other), "--out", out);
    assertEquals(1, run.status());
    assertTrue(run.said().contains("result is of other settings"), run.said());
    assertTrue(run.said().contains("give another --out"), run.said());
    assertTrue(run.complaint().contains("1 cells failed"), run.complaint());
  }

  @Test
  void patternsChooseCells() throws IOException {
    var out = folder.resolve("chosen");
    var file = study("chosen.yaml", HEAD + METHODS);
    done(Run.of("study", file, "--out", out, "--only", "discs/34/few/*,**/u-net/**"));
    assertEquals(3, Files.readAllLines(out.resolve("summary.csv")).size());
    var none = Run.of("study", file, "--out", out, "--only", "disks/**");
    assertTrue(none.complaint().contains("such as discs/34/few/1"), none.complaint());
  }

  /** BCP wants as many unlabelled images as labelled ones; the other method is not its fault. */
  @Test
  void aCellThatFailsDoesNotEndTheStudy() throws IOException {
    var out = folder.resolve("failing");
    var methods = "methods: {bcp: {recipe: bcp, unlabelled-batch: 3}, few: {recipe: supervised}}";
    var run = Run.of("study", study("failing.yaml", HEAD + methods), "--out", out);
    assertEquals(1, run.status());
    assertTrue(run.said().contains("2 labelled and 3 unlabelled images"), run.said());
    assertTrue(run.complaint().contains("discs/34/bcp/1"), run.complaint());
    assertTrue(Files.exists(out.resolve("cells/discs/34/few/1/result.json")));
  }
}
