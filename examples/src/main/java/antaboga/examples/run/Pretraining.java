// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.medsam.model.MedSamConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Trains a teacher on data folders, as {@code pretrain} asks. */
public final class Pretraining {
  /**
   * The sizes of the image encoder.
   *
   * @param image side of the input, in pixels
   * @param patch side of a patch, in pixels
   * @param width channels
   * @param depth blocks
   * @param window side of an attention window in patches; 0 if all blocks see the whole image
   * @param global numbers of the blocks that see it all the same
   */
  public record Sizes(int image, int patch, int width, int depth, int window, Set<Integer> global) {
    /** Keeps a copy of the set. */
    public Sizes {
      global = Set.copyOf(global);
    }

    /** A model of these sizes; heads are 64 wide. */
    public MedSamConfig config() {
      var all = IntStream.range(0, depth).boxed().collect(Collectors.toSet());
      return new MedSamConfig(
          image,
          image,
          patch,
          width,
          depth,
          Math.max(1, width / 64),
          4,
          window,
          window == 0 ? all : global,
          true,
          256,
          8,
          2048,
          16,
          256,
          3);
    }

    /** About as many parameters, known before anything is loaded; the decoder has four million. */
    long roughParameters() {
      long tokens = (long) image / patch * (image / patch);
      long encoder = 12L * depth * width * width + width * (3L * patch * patch + tokens);
      return encoder + 256L * (width + 9 * 256) + 4_100_000;
    }
  }

  /** Everything that {@code pretrain} was told. */
  public record Plan(
      List<Path> data,
      String split,
      Path out,
      Sizes sizes,
      int steps,
      int batch,
      double rate,
      double inverted,
      boolean wholeMasks,
      long seed,
      int saveEvery) {}

  private static final int SMALL = 128;

  private final Plan plan;
  private final Terminal terminal;

  /** A pretraining of this plan. */
  public Pretraining(Plan plan, Terminal terminal) {
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
    var sets =
        plan.data().stream()
            .map(folder -> DataFolder.open(folder).samples(plan.split()))
            .map(samples -> new TeacherRun.Source(samples, plan.wholeMasks(), plan.inverted()))
            .toList();
    Output.folder(plan.out(), 32 * plan.sizes().roughParameters());
    if (plan.sizes().image() <= SMALL) {
      Natives.prepareSmall();
    } else {
      Natives.prepare();
    }
    var config =
        new TeacherRun.Config(
            plan.sizes().config(),
            plan.steps(),
            plan.batch(),
            plan.rate(),
            plan.seed(),
            plan.saveEvery());
    try (var interruption = Interruption.watch(terminal)) {
      var run = new TeacherRun(config, sets, plan.out());
      terminal.say(
          "teacher of %,d parameters on %d images",
          run.parameters(), sets.stream().mapToInt(set -> set.samples().size()).sum());
      int steps = run.run(terminal, interruption).size();
      if (steps < plan.steps()) {
        terminal.say(
            "antaboga: stopped after step %d of %d and saved; the same command goes on from there",
            steps, plan.steps());
        return false;
      }
      Machine.peakMemory().ifPresent(b -> terminal.say("at most %.1f GB of memory", b / 1e9));
      terminal.print("%s", run.file());
      return true;
    }
  }
}
