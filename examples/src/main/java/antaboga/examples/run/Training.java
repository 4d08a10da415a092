// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Trains a student on a data folder, as {@code train} asks. */
public final class Training {
  private final Path data;
  private final Path out;
  private final int percent;
  private final Optional<Path> teacher;
  private final Optional<Path> start;
  private final StudentRun.Config config;
  private final Recipe.Terms terms;
  private final Terminal terminal;

  /** What to train on, where to keep it, and how. */
  public Training(
      Path data,
      Path out,
      int percent,
      Optional<Path> teacher,
      Optional<Path> start,
      StudentRun.Config config,
      Recipe.Terms terms,
      Terminal terminal) {
    this.data = data;
    this.out = out;
    this.percent = percent;
    this.teacher = teacher;
    this.start = start;
    this.config = config;
    this.terms = terms;
    this.terminal = terminal;
  }

  /**
   * Checks everything that is given, then trains.
   *
   * @return whether the run is complete; not, if it was interrupted
   * @throws IOException if a file cannot be read or written
   */
  public boolean run() throws IOException {
    var folder = DataFolder.open(data);
    var division = folder.divide(percent, config.seed());
    var validation = folder.has("val") ? folder.samples("val") : List.<antaboga.nn.data.Sample>of();
    var file = teacher.map(ModelFile::open);
    file.ifPresent(ModelFile::requireTeacher);
    var from = start.map(ModelFile::open);
    from.ifPresent(ModelFile::requireStudent);
    Output.folder(out, 128L << 20);
    Natives.prepareSmall();
    Recipe recipe =
        file.<Recipe>map(f -> new Recipe.Whole(f.guide(out.resolve("embeddings")), terms))
            .orElseGet(Recipe.Labels::new);
    try (var interruption = Interruption.watch(terminal)) {
      var run = new StudentRun(config, division, validation, recipe, out, from);
      terminal.say(
          "student of %,d parameters; %d labelled (%s) and %d unlabelled images%s",
          run.parameters(),
          division.labelled().size(),
          division.how(),
          division.unlabelled().size(),
          recipe.usesUnlabelled() || division.unlabelled().isEmpty()
              ? ""
              : ", these not used: labels only");
      run.cacheEmbeddings(terminal, interruption);
      int steps = run.run("student", terminal, interruption);
      if (steps < config.steps()) {
        terminal.say(
            "antaboga: stopped after step %d of %d and saved; the same command goes on from there",
            steps, config.steps());
        return false;
      }
      terminal.print("%s", run.file());
      return true;
    }
  }
}
