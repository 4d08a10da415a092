// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.demo;

import antaboga.examples.run.DataFolder;
import antaboga.examples.run.Failure;
import antaboga.examples.run.Interruption;
import antaboga.examples.run.ModelFile;
import antaboga.examples.run.Natives;
import antaboga.examples.run.Output;
import antaboga.examples.run.Prediction;
import antaboga.examples.run.Recipe;
import antaboga.examples.run.ScoreTables;
import antaboga.examples.run.StudentRun;
import antaboga.examples.run.TeacherRun;
import antaboga.examples.run.Terminal;
import antaboga.examples.run.TrainingLog;
import antaboga.nn.data.Sample;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Trains a small teacher with boxes, then the student twice with the same budget: by the labelled
 * images alone, and by the whole method. Scores both on unseen images and writes a report. Every
 * stage that is complete is kept; one that was interrupted goes on where it stopped.
 */
public final class Demo {
  /**
   * What to run.
   *
   * @param data the folder whose images are segmented
   * @param source a folder with splits/source.txt for the teacher
   * @param out where everything goes
   * @param percent the share of labelled training images
   * @param settings sizes and lengths
   */
  public record Plan(Path data, Path source, Path out, int percent, Settings settings) {}

  private static final String ALONE = "labels only";
  private static final String WHOLE = "whole method";
  private static final long ROOM = 512L << 20;

  private final Plan plan;
  private final Terminal terminal;
  private final Stages stages;

  /** A demonstration by this plan. */
  public Demo(Plan plan, Terminal terminal) {
    this.plan = plan;
    this.terminal = terminal;
    this.stages = new Stages(plan.out().resolve("times.tsv"));
  }

  /**
   * Checks everything, then runs what is not yet complete.
   *
   * @return whether the demonstration is complete; not, if it was interrupted
   * @throws IOException if a file cannot be read or written
   */
  public boolean run() throws IOException {
    var folder = DataFolder.open(plan.data());
    var division = folder.divide(plan.percent(), plan.settings().seed());
    if (division.unlabelled().isEmpty()) {
      throw new Failure(
          "no training image is unlabelled", plan.data(), "give a smaller share with --labelled");
    }
    var validation = folder.has("val") ? folder.samples("val") : List.<Sample>of();
    var test = folder.samples("test");
    var sources = DataFolder.open(plan.source()).samples("source");
    Output.folder(plan.out(), ROOM);
    terminal.say(
        "demo: %s, %d labelled and %d unlabelled training images, %d test images; about %s on 2"
            + " cores",
        folder.name(),
        division.labelled().size(),
        division.unlabelled().size(),
        test.size(),
        Terminal.text(plan.settings().estimate()));
    Natives.prepareSmall();
    stages.load();
    try (var interruption = Interruption.watch(terminal)) {
      var teacher = teacher(sources, division, interruption);
      if (teacher.isEmpty()) {
        return interrupted();
      }
      var alone = student(ALONE, division, validation, new Recipe.Labels(), interruption);
      if (alone.isEmpty()) {
        return interrupted();
      }
      var guide = ModelFile.open(teacher.get()).guide(plan.out().resolve("embeddings"));
      var method = new Recipe.Whole(guide, plan.settings().terms());
      var whole = student(WHOLE, division, validation, method, interruption);
      if (whole.isEmpty()) {
        return interrupted();
      }
      evaluate(folder, division, sources, test, alone.get(), whole.get());
      return true;
    }
  }

  private boolean interrupted() {
    terminal.say("antaboga: stopped and saved; the same command goes on from there");
    return false;
  }

  private Optional<Path> teacher(
      List<Sample> sources, DataFolder.Division division, Interruption interruption)
      throws IOException {
    var settings = plan.settings();
    var target = new TeacherRun.Source(division.labelled(), true, 0);
    var other = new TeacherRun.Source(sources, true, 0).turnedTo(target);
    var sets = List.of(other, target);
    var run = new TeacherRun(settings.teacher(), sets, plan.out().resolve("teacher"));
    Output.folder(plan.out().resolve("teacher"), ROOM);
    if (!run.isFinished()) {
      long begun = System.nanoTime();
      run.run(terminal, interruption);
      stages.add("teacher", begun);
    }
    return run.isFinished() ? Optional.of(run.file()) : Optional.empty();
  }

  private Optional<StudentRun> student(
      String name,
      DataFolder.Division division,
      List<Sample> validation,
      Recipe recipe,
      Interruption interruption)
      throws IOException {
    if (interruption.asked()) {
      return Optional.empty();
    }
    var folder = plan.out().resolve(name.replace(' ', '-'));
    Output.folder(folder, ROOM);
    var run = new StudentRun(plan.settings().student(), division, validation, recipe, folder);
    if (!run.isFinished()) {
      if (recipe.guide().isPresent()) {
        long begun = System.nanoTime();
        run.cacheEmbeddings(terminal, interruption);
        stages.add("embeddings", begun);
      }
      long begun = System.nanoTime();
      run.run(name, terminal, interruption);
      stages.add(name, begun);
    }
    return run.isFinished() ? Optional.of(run) : Optional.empty();
  }

  private void evaluate(
      DataFolder folder,
      DataFolder.Division division,
      List<Sample> sources,
      List<Sample> test,
      StudentRun alone,
      StudentRun whole)
      throws IOException {
    long begun = System.nanoTime();
    var outcomes = new ArrayList<DemoReport.Outcome>();
    for (var run : List.of(alone, whole)) {
      var name = outcomes.isEmpty() ? ALONE : WHOLE;
      var student = ModelFile.open(run.file()).student();
      var scores = Prediction.student(student.segmenter(), student.size(), test, terminal);
      outcomes.add(new DemoReport.Outcome(name, run, scores, TrainingLog.of(run.log())));
    }
    stages.add("evaluation", begun);
    for (var outcome : outcomes) {
      terminal.print("%s", outcome.name());
      terminal.print(ScoreTables.table(outcome.scores()));
      var about = new LinkedHashMap<String, String>();
      about.put("method", outcome.name());
      about.put("data", plan.data().toString());
      about.put("labelled", division.how());
      about.put("settings", plan.settings().toString());
      var file = outcome.name().replace(' ', '-') + "-scores";
      write(file + ".json", ScoreTables.json(outcome.scores(), about));
      write(file + ".csv", ScoreTables.csv(outcome.scores()));
    }
    var report = new DemoReport(plan, folder, division, sources, test, outcomes, stages.times());
    write("report.html", report.page().html());
    terminal.print(
        "%s (everything in %s)", plan.out().resolve("report.html"), Terminal.text(stages.total()));
  }

  private void write(String name, String text) {
    Output.write(plan.out().resolve(name), text.getBytes(StandardCharsets.UTF_8));
  }

  /** How long the stages took, over all runs of the demonstration. */
  private static final class Stages {
    private final Path file;
    private final Map<String, Double> seconds = new LinkedHashMap<>();

    Stages(Path file) {
      this.file = file;
    }

    void load() throws IOException {
      if (Files.exists(file)) {
        for (var line : Files.readAllLines(file)) {
          var parts = line.split("\t", -1);
          if (parts.length == 2) {
            seconds.put(parts[0], Double.valueOf(parts[1]));
          }
        }
      }
    }

    void add(String stage, long begun) {
      seconds.merge(stage, (System.nanoTime() - begun) / 1e9, Double::sum);
      var text = new StringBuilder();
      seconds.forEach((name, s) -> text.append("%s\t%.1f%n".formatted(name, s)));
      Output.write(file, text.toString().getBytes(StandardCharsets.UTF_8));
    }

    Map<String, Duration> times() {
      var times = new LinkedHashMap<String, Duration>();
      seconds.forEach((name, s) -> times.put(name, Duration.ofMillis((long) (1000 * s))));
      return times;
    }

    Duration total() {
      return times().values().stream().reduce(Duration.ZERO, Duration::plus);
    }
  }
}
