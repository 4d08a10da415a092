// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.kernel.Workers;
import antaboga.medsam.BoxPrompts;
import antaboga.medsam.Mask;
import antaboga.medsam.model.TrainedParts;
import antaboga.nn.data.Sample;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Trains a teacher further on a data folder, as {@code finetune} asks. */
public final class Tuning {
  /**
   * Everything that {@code finetune} was told.
   *
   * @param checkpoint the model to begin with
   * @param jitter most pixels of the input by which a side of a box moves; MedSAM's if not given
   */
  public record Plan(
      Path checkpoint,
      Path data,
      String split,
      Path out,
      TrainedParts parts,
      int steps,
      int batch,
      double rate,
      boolean wholeMasks,
      OptionalInt jitter,
      boolean augment,
      long seed,
      int saveEvery,
      int validateEvery) {}

  private static final int SMALL = 128;
  private static final Duration LONGEST_STEP = Duration.ofMinutes(15); // and saving a gigabyte

  private final Plan plan;
  private final Terminal terminal;

  /** A fine-tuning of this plan. */
  public Tuning(Plan plan, Terminal terminal) {
    this.plan = plan;
    this.terminal = terminal;
  }

  /**
   * Checks everything that is given, then trains.
   *
   * @return whether the run is complete; not, if it was interrupted
   * @throws IOException if a file cannot be read or written
   */
  public boolean run() throws IOException {
    var folder = DataFolder.open(plan.data());
    var samples = folder.samples(plan.split());
    var validation = folder.has("val") ? folder.samples("val") : List.<Sample>of();
    var file = ModelFile.open(plan.checkpoint());
    file.requireTeacher();
    var result = TuningRun.result(plan.out());
    if (Files.exists(result) && Files.isSameFile(result, plan.checkpoint())) {
      throw new Failure(
          "the checkpoint itself would be replaced", result, "give another folder with --out");
    }
    int size = file.inputSize();
    if (size <= SMALL) {
      Natives.prepareSmall();
    } else {
      Natives.prepare();
    }
    var prompts = prompts(size);
    var shown = withObjects(samples, prompts, size);
    var start = new TuningRun.Start(file.trainable(plan.parts()), file.path(), file.fingerprint());
    var validated = withObjects(validation, prompts, size);
    Output.folder(plan.out(), TuningRun.room(start.model(), shown.size(), plan.augment()));
    try (var interruption = Interruption.watch(terminal, LONGEST_STEP)) {
      var run = new TuningRun(config(prompts), start, shown, validated, plan.out());
      terminal.say(
          "%,d of %,d parameters are trained, on %d images",
          start.model().weights().count(),
          TeacherRun.parameters(start.model().weights()),
          shown.size());
      return report(run, run.run(terminal, interruption));
    }
  }

  private TuningRun.Config config(BoxPrompts prompts) {
    return new TuningRun.Config(
        plan.parts(),
        plan.steps(),
        plan.batch(),
        plan.rate(),
        prompts,
        plan.augment(),
        plan.seed(),
        plan.saveEvery(),
        plan.validateEvery());
  }

  private BoxPrompts prompts(int size) {
    var standard = BoxPrompts.medSam(size);
    var prompts = plan.wholeMasks() ? standard : standard.partsOnly();
    return plan.jitter().isPresent() ? prompts.withJitter(plan.jitter().getAsInt()) : prompts;
  }

  /** Those of which a box can be drawn; an empty mask has nothing to ask for. */
  private List<Sample> withObjects(List<Sample> samples, BoxPrompts prompts, int size)
      throws IOException {
    var shows = new boolean[samples.size()];
    try {
      Workers.run(shows.length, i -> shows[i] = shows(samples.get(i), prompts, size));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    var shown = IntStream.range(0, shows.length).filter(i -> shows[i]).mapToObj(samples::get);
    var kept = shown.toList();
    if (kept.isEmpty() && !samples.isEmpty()) {
      throw new Failure(
          "none of %d masks marks an object%s"
              .formatted(
                  samples.size(),
                  plan.wholeMasks()
                      ? ""
                      : " of at least %d pixels at the model's %d x %d"
                          .formatted(prompts.least(), size, size)),
          samples.get(0).mask(),
          "look at it: what is marked must be white, or not 0");
    }
    if (kept.size() < samples.size()) {
      terminal.say(
          "%d of %d images have no object to ask for and are left out, such as %s",
          samples.size() - kept.size(),
          samples.size(),
          samples.stream().filter(s -> !kept.contains(s)).findFirst().orElseThrow().mask());
    }
    return kept;
  }

  private static boolean shows(Sample sample, BoxPrompts prompts, int size) {
    try {
      var mask = Mask.read(sample.mask()).resized(size, size);
      return prompts.draw(new SplittableRandom(0), mask).isPresent();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean report(TuningRun run, int steps) {
    if (steps < plan.steps()) {
      terminal.say(
          "antaboga: stopped after step %d of %d and saved; the same command goes on from there",
          steps, plan.steps());
      return false;
    }
    var dice = run.validations();
    if (!dice.isEmpty()) {
      terminal.say(
          "Dice on val, with the box of every object: %.3f before, %.3f after %d steps",
          dice.get(0)[1], dice.get(dice.size() - 1)[1], steps);
    }
    Machine.peakMemory().ifPresent(b -> terminal.say("at most %.1f GB of memory", b / 1e9));
    terminal.print("%s", run.file());
    return true;
  }
}
