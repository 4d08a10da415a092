// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.study;

import antaboga.examples.run.DataFolder;
import antaboga.examples.run.Failure;
import antaboga.examples.run.Guide;
import antaboga.examples.run.Interruption;
import antaboga.examples.run.ModelFile;
import antaboga.examples.run.Natives;
import antaboga.examples.run.Output;
import antaboga.examples.run.Prediction;
import antaboga.examples.run.Provenance;
import antaboga.examples.run.Recipe;
import antaboga.examples.run.StudentRun;
import antaboga.examples.run.Terminal;
import antaboga.nn.data.Sample;
import antaboga.nn.metric.Scores;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Runs every cell of a study that has no result yet. Several processes may run one study at the
 * same time: each takes cells that no other has taken.
 */
public final class StudyRun {
  private static final long ROOM = 512L << 20;
  private static final long PATIENCE_SECONDS = 5;

  private final Study study;
  private final Path out;
  private final Teachers teachers;
  private final List<PathMatcher> only;
  private final Terminal terminal;

  /** What became of a cell that was looked at. */
  private enum Outcome {
    DONE,
    TAKEN, // by another process, which finishes it
    WAITS, // for a teacher that another process trains
    FAILED,
    STOPPED
  }

  private StudyRun(Study study, Path out, List<PathMatcher> only, Terminal terminal) {
    this.study = study;
    this.out = out;
    this.teachers = new Teachers(study, out, terminal);
    this.only = only;
    this.terminal = terminal;
  }

  /**
   * A study, checked as far as can be without reading an image.
   *
   * @param file describes it
   * @param data the folder of the sets, instead of the one that the file names
   * @param out where everything goes
   * @param only patterns of the cells to run, such as {@code polyp*}{@code /10/**}; none for all
   */
  public static StudyRun of(
      Path file, Optional<Path> data, Path out, List<String> only, Terminal terminal) {
    var read = Study.read(file);
    var study = data.map(read::withData).orElse(read);
    var sets = new ArrayList<>(study.sets());
    study.teacher().ifPresent(teacher -> sets.addAll(teacher.also()));
    for (var set : sets) {
      DataFolder.open(study.data().resolve(set));
    }
    study
        .teacher()
        .flatMap(Study.Teacher::file)
        .map(ModelFile::open)
        .ifPresent(ModelFile::requireTeacher);
    var matchers =
        only.stream().map(p -> FileSystems.getDefault().getPathMatcher("glob:" + p)).toList();
    return new StudyRun(study, out, matchers, terminal);
  }

  private List<Cell> chosen() {
    var cells =
        study.cells().stream()
            .filter(
                c -> only.isEmpty() || only.stream().anyMatch(m -> m.matches(Path.of(c.name()))))
            .toList();
    if (cells.isEmpty()) {
      throw new Failure(
          "no cell matches",
          "--only",
          "cells are named set/percent/method/seed, such as " + study.cells().get(0).name());
    }
    return cells;
  }

  /**
   * Runs what is missing, then writes the tables.
   *
   * @return whether all chosen cells that no other process works on are finished
   * @throws IOException if a file cannot be read or written
   */
  public boolean run() throws IOException {
    Output.folder(out, ROOM);
    Natives.prepareSmall();
    var cells = chosen();
    terminal.say("study %s: %d cells", study.file().getFileName(), cells.size());
    var failed = new LinkedHashSet<String>();
    try (var interruption = Interruption.watch(terminal)) {
      boolean waits = true;
      while (waits) {
        waits = false;
        for (var cell : cells) {
          if (failed.contains(cell.name())) {
            continue;
          }
          var outcome = interruption.asked() ? Outcome.STOPPED : attempt(cell, interruption);
          if (outcome == Outcome.FAILED) {
            failed.add(cell.name());
          }
          if (outcome == Outcome.STOPPED) {
            terminal.say("antaboga: stopped and saved; the same command goes on from there");
            return false;
          }
          waits |= outcome == Outcome.WAITS;
        }
        if (waits) {
          rest();
        }
      }
    }
    tables();
    if (!failed.isEmpty()) {
      throw new Failure(
          failed.size() + " cells failed, the others are finished",
          String.join(", ", failed),
          "the reasons stand above");
    }
    return true;
  }

  /** One cell that goes wrong must not end a night's work. */
  private Outcome attempt(Cell cell, Interruption interruption) throws IOException {
    try {
      return run(cell, interruption);
    } catch (Failure | IllegalArgumentException | IllegalStateException e) {
      terminal.say("antaboga: %s: %s", cell.name(), String.valueOf(e.getMessage()));
      return Outcome.FAILED;
    }
  }

  /** Writes the tables of all cells that are finished. */
  public void tables() throws IOException {
    new Summary(study, out).write(terminal);
  }

  /** Writes a page of all that is finished, with test images. */
  public void report() throws IOException {
    Natives.prepareSmall();
    tables();
    var file = out.resolve("report.html");
    var html = new StudyReport(study, out).html();
    Output.write(file, html.getBytes(StandardCharsets.UTF_8));
    terminal.print("%s", file);
  }

  private static void rest() {
    try {
      TimeUnit.SECONDS.sleep(PATIENCE_SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the next cell asks whether to stop
    }
  }

  @SuppressWarnings("try") // claims by being open
  private Outcome run(Cell cell, Interruption interruption) throws IOException {
    var folder = cell.folder(out);
    if (Result.isThere(folder, settings(cell))) {
      return Outcome.DONE;
    }
    var guide = Optional.<Guide>empty();
    if (cell.method().kind().needsTeacher()) {
      guide = teachers.guide(cell, interruption);
      if (guide.isEmpty()) {
        return interruption.asked() ? Outcome.STOPPED : Outcome.WAITS;
      }
    }
    var start = Optional.<ModelFile>empty();
    if (cell.method().warm() > 0) {
      start = new WarmStarts(study, out, terminal).student(cell, interruption);
      if (start.isEmpty()) {
        return interruption.asked() ? Outcome.STOPPED : Outcome.WAITS;
      }
    }
    for (var member : study.committee(cell)) {
      var outcome = run(member, interruption);
      if (outcome != Outcome.DONE) {
        return outcome == Outcome.TAKEN ? Outcome.WAITS : outcome;
      }
    }
    var claim = Claim.of(folder);
    if (claim.isEmpty()) {
      return Outcome.TAKEN;
    }
    try (var held = claim.get()) {
      return Result.isThere(folder, settings(cell)) || train(cell, guide, start, interruption)
          ? Outcome.DONE
          : Outcome.STOPPED;
    }
  }

  /** Everything in the study's file that the cell's result depends on. */
  private String settings(Cell cell) {
    var method = cell.method();
    var settings = cell.settings();
    if (method.warm() > 0) {
      settings += ", after %d steps on %s".formatted(method.warm(), study.warming(cell.set()));
    }
    for (var member : study.committee(cell)) {
      settings += ", committee: " + settings(member);
    }
    if (method.kind().needsTeacher()) {
      return settings + ", " + method.terms() + ", " + teachers.settings(cell);
    }
    return settings + (method.strong() == 0 ? "" : ", strong " + method.strong());
  }

  private boolean train(
      Cell cell, Optional<Guide> guide, Optional<ModelFile> start, Interruption interruption)
      throws IOException {
    var data = DataFolder.open(study.data().resolve(cell.set()));
    var division = data.divide(cell.share(), cell.seed());
    var validation = data.has("val") ? data.samples("val") : List.<Sample>of();
    var folder = cell.folder(out);
    var run =
        new StudentRun(cell.training(), division, validation, recipe(cell, guide), folder, start);
    long begun = System.nanoTime();
    if (!run.isFinished()) {
      run.cacheEmbeddings(terminal, interruption);
      if (interruption.asked()) {
        return false;
      }
      run.run(cell.name(), terminal, interruption);
      if (!run.isFinished()) {
        return false;
      }
    }
    var about = new LinkedHashMap<String, Object>();
    about.put("cell", cell.name());
    about.put("version", Provenance.version());
    about.put("parameters", run.parameters());
    about.put("labelled", division.labelled().size());
    about.put("unlabelled", division.unlabelled().size());
    about.put("labelled list", division.how());
    about.put("seconds of the last run", (System.nanoTime() - begun) / 1_000_000_000L);
    var scores = test(run, data.samples("test"), about);
    Result.write(folder, about, settings(cell), scores);
    Files.deleteIfExists(run.checkpoint());
    return true;
  }

  private List<ModelFile> committee(Cell cell) {
    return study.committee(cell).stream()
        .map(member -> ModelFile.open(member.folder(out).resolve("student.safetensors")))
        .toList();
  }

  private Recipe recipe(Cell cell, Optional<Guide> guide) {
    var terms = cell.method().terms();
    return switch (cell.method().kind()) {
      case SUPERVISED -> new Recipe.Labels(cell.method().strong());
      case MEAN_TEACHER -> Recipe.Published.MEAN_TEACHER;
      case UA_MT -> Recipe.Published.UA_MT;
      case CPS -> Recipe.Published.CPS;
      case UNIMATCH -> Recipe.Published.UNIMATCH;
      case BCP -> Recipe.Published.BCP;
      case FEATURES -> new Recipe.Features(guide.orElseThrow(), terms.taps(), terms.distillation());
      case ANTABOGA -> new Recipe.Whole(guide.orElseThrow(), terms, committee(cell));
    };
  }

  /** Reads the test images, once, for the best student and for the last. */
  private Map<String, Scores> test(StudentRun run, List<Sample> test, Map<String, Object> about)
      throws IOException {
    var scores = new LinkedHashMap<String, Scores>();
    var last = ModelFile.open(run.file());
    var best = Files.exists(run.best()) ? ModelFile.open(run.best()) : last;
    about.put("best step", best.metadata().getOrDefault("antaboga.steps", "last"));
    about.put("best validation Dice", best.metadata().getOrDefault("antaboga.validation", "none"));
    var student = best.student();
    scores.put("test", Prediction.student(student.segmenter(), student.size(), test, terminal));
    var other = last.student();
    scores.put("test-last", Prediction.student(other.segmenter(), other.size(), test, terminal));
    return scores;
  }
}
