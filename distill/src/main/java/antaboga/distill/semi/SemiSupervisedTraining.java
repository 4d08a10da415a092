// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.NonFiniteValueException;
import antaboga.Parameter;
import antaboga.Tape;
import antaboga.nn.Weights;
import antaboga.nn.data.MixedBatch;
import antaboga.nn.optim.AdamW;
import antaboga.nn.optim.Ema;
import antaboga.nn.optim.Optimizer;
import antaboga.nn.optim.ParameterGroup;
import antaboga.nn.optim.Schedule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Trains a student on labelled and unlabelled images. What recipes differ in is the {@link
 * Objective}; what happens beside the loop is a {@link Listener}.
 *
 * <pre>{@code
 * var students = Students.of(w -> new VssUNet(w, VssUNetConfig.tiny()), seed);
 * var training =
 *     new SemiSupervisedTraining(Config.of(30_000, seed, folder), data::batch, students, objective);
 * training.run(new Listener() {}, () -> false);
 * }</pre>
 *
 * <p>Everything in a step is a function of seed and step, so a run that was stopped and resumed
 * ends with the same bits as one that was not, on any number of threads. A run resumes by itself
 * from the checkpoint in its folder, which is replaced as a whole or not at all.
 */
public final class SemiSupervisedTraining {
  /**
   * How long and how fast, and where it is kept.
   *
   * @param steps of the whole run
   * @param seed of batches, augmentation and dropout
   * @param schedule the learning rate of each step
   * @param clip the largest norm of all gradients together
   * @param averaging how much of the average stays at a step, at most
   * @param saveEvery steps between checkpoints
   * @param validateEvery steps between validations
   * @param folder of the checkpoint; created if need be
   * @param data what the run was trained on, in words; a checkpoint of other data is refused
   * @param nonFinite what becomes of a step whose losses or gradients are not finite
   */
  public record Config(
      int steps,
      long seed,
      Schedule schedule,
      double clip,
      double averaging,
      int saveEvery,
      int validateEvery,
      Path folder,
      String data,
      NonFinite nonFinite) {
    /** Ends the run at a step that is not finite. */
    public Config(
        int steps,
        long seed,
        Schedule schedule,
        double clip,
        double averaging,
        int saveEvery,
        int validateEvery,
        Path folder,
        String data) {
      this(
          steps,
          seed,
          schedule,
          clip,
          averaging,
          saveEvery,
          validateEvery,
          folder,
          data,
          NonFinite.STOP);
    }

    /** Checks the numbers. */
    public Config {
      if (steps < 1 || saveEvery < 1 || validateEvery < 1) {
        throw new IllegalArgumentException(
            "training: %d steps, saved every %d and validated every %d, expected 1 or more"
                .formatted(steps, saveEvery, validateEvery));
      }
      if (!(clip > 0)) {
        throw new IllegalArgumentException("training: clip " + clip + ", expected > 0");
      }
    }

    /**
     * The schedule of method.md, section 8: 1e-3 after a warm-up of a sixtieth of all steps, then
     * along a cosine to 1e-5; gradients clipped at 12, average 0.99, ten checkpoints.
     */
    public static Config of(int steps, long seed, Path folder) {
      var schedule = Schedule.cosine(1e-3, steps, 1e-5).warmUp(Math.max(1, steps / 60), 0.01);
      int tenth = Math.max(1, steps / 10);
      return new Config(steps, seed, schedule, 12, 0.99, tenth, tenth, folder, "");
    }

    /** The same with another schedule; it must print itself alike in every run. */
    public Config withSchedule(Schedule other) {
      return new Config(
          steps, seed, other, clip, averaging, saveEvery, validateEvery, folder, data, nonFinite);
    }

    /** The same with other intervals. */
    public Config withIntervals(int saving, int validating) {
      return new Config(
          steps, seed, schedule, clip, averaging, saving, validating, folder, data, nonFinite);
    }

    /** The same with a description of the data. */
    public Config withData(String description) {
      return new Config(
          steps,
          seed,
          schedule,
          clip,
          averaging,
          saveEvery,
          validateEvery,
          folder,
          description,
          nonFinite);
    }

    /** The same with another policy. */
    public Config withNonFinite(NonFinite policy) {
      return new Config(
          steps, seed, schedule, clip, averaging, saveEvery, validateEvery, folder, data, policy);
    }

    /** The file from which the run resumes. */
    public Path checkpoint() {
      return folder.resolve("checkpoint.safetensors");
    }
  }

  /** What becomes of a step whose losses or gradients are not finite. Neither is ever saved. */
  public enum NonFinite {
    /** The run ends with a {@link NonFiniteException}; its checkpoint is of before. */
    STOP,
    /**
     * The step changes nothing, and the next one follows; the run ends after {@value #MOST_SKIPPED}
     * in a row.
     */
    SKIP;

    static final int MOST_SKIPPED = 20;
  }

  /** Where batches come from; {@code MixedBatches::batch} is one. */
  @FunctionalInterface
  public interface Data {
    /** The batch of a step: a function of both numbers. */
    MixedBatch batch(long step, long seed) throws IOException;
  }

  /** The loss of one step: the only part in which recipes differ. */
  @FunctionalInterface
  public interface Objective {
    /** The terms at this step, computed on the open tape. */
    Losses of(MixedBatch batch, int step) throws IOException;

    /** What is trained and saved beside the student, such as projectors; nothing by default. */
    default Weights weights() {
      return Weights.init(0);
    }

    /**
     * Called before the first step of a run, and again if the run was stopped before it; may return
     * early when a stop is requested.
     */
    default void prepare(Data data, long seed, BooleanSupplier stopRequested) throws IOException {}
  }

  /** Scores by name, of the average student on images that are not trained on. */
  @FunctionalInterface
  public interface Validation {
    /** The scores now. */
    Map<String, Double> scores() throws IOException;
  }

  /** What happens beside the loop; nothing by default. */
  public interface Listener {
    /** The run goes on from a checkpoint, with this step next. */
    default void resumed(int step, Path checkpoint) {}

    /** A step was taken. The losses live until this method returns; detach what is kept. */
    default void stepped(int step, Losses losses, double rate) {}

    /** This step changed nothing, because of that. */
    default void skipped(int step, NonFiniteException reason) {}

    /** So many steps were taken when the average student had these scores. */
    default void validated(int step, Map<String, Double> scores) {}

    /** So many steps are about to be saved; what belongs to them can be written before. */
    default void saving(int step) {}

    /** So many steps are safe on the disk. */
    default void saved(int step, Path checkpoint) {}
  }

  private final Config config;
  private final Data data;
  private final Objective objective;
  private final Validation validation;
  private final Optimizer optimizer;
  private final Ema average;
  private final TrainingState state;
  private int skipped; // steps in a row

  /** With AdamW, weight decay 1e-2 on all but biases, norms and the like, and no validation. */
  public SemiSupervisedTraining(Config config, Data data, Students students, Objective objective) {
    this(config, data, students, objective, adamW(students, objective), Map::of);
  }

  /** With an optimiser of the student's and the objective's weights, and a validation. */
  public SemiSupervisedTraining(
      Config config,
      Data data,
      Students students,
      Objective objective,
      Optimizer optimizer,
      Validation validation) {
    this.config = config;
    this.data = data;
    this.objective = objective;
    this.validation = validation;
    this.optimizer = optimizer;
    this.average =
        new Ema(students.averageWeights().all(), students.weights().all(), config.averaging());
    this.state = new TrainingState(config, students, objective, optimizer);
  }

  /** Weight decay spares biases, norms and a scan's time constants. */
  public static Optimizer adamW(Students students, Objective objective) {
    var parameters =
        Stream.concat(
                students.weights().trainable().stream(), objective.weights().trainable().stream())
            .toList();
    return new AdamW(AdamW.Config.of(1e-3), ParameterGroup.sparing(parameters));
  }

  /**
   * Trains from the checkpoint in the folder, or from the beginning, to the end, or until a stop is
   * requested. Either way the last step is saved.
   *
   * @param stopRequested asked before each step; once true it must stay so
   * @return the number of steps taken in all; {@code config.steps()} when the run is complete
   * @throws NonFiniteException if a loss or a gradient is not finite and the policy is to stop, or
   *     too many steps in a row were skipped; nothing is saved after it
   * @throws IOException if the checkpoint cannot be read or written, or belongs to another run
   */
  public int run(Listener listener, BooleanSupplier stopRequested) throws IOException {
    int step = begin(listener, stopRequested);
    int saved = step;
    while (step < config.steps() && !stopRequested.getAsBoolean()) {
      train(step, listener);
      step++;
      boolean last = step == config.steps();
      if (last || step % config.validateEvery() == 0) {
        listener.validated(step, validation.scores());
      }
      if (last || step % config.saveEvery() == 0) {
        saved = save(step, listener);
      }
    }
    if (saved < step) {
      save(step, listener);
    }
    return step;
  }

  private int begin(Listener listener, BooleanSupplier stopRequested) throws IOException {
    var resumed = state.restore();
    if (resumed.isPresent()) {
      listener.resumed(resumed.getAsInt(), config.checkpoint());
    } else {
      save(0, listener); // a folder that cannot be written fails now, not hours later
    }
    int step = resumed.orElse(0);
    if (step == 0) {
      objective.prepare(data, config.seed(), stopRequested);
    }
    return step;
  }

  private void train(int step, Listener listener) throws IOException {
    if (config.nonFinite() == NonFinite.STOP) {
      attempt(step, listener);
      return;
    }
    var before = buffers();
    try {
      attempt(step, listener);
      skipped = 0;
    } catch (NonFiniteException e) {
      skipped++;
      if (skipped > NonFinite.MOST_SKIPPED) {
        throw e;
      }
      before.forEach(Parameter::assign);
      listener.skipped(step, e);
    }
  }

  /** Copies of what an objective changes by itself while it computes its losses. */
  private Map<Parameter, INDArray> buffers() {
    var copies = new LinkedHashMap<Parameter, INDArray>();
    objective.weights().all().stream()
        .filter(p -> !p.trainable())
        .forEach(p -> copies.put(p, p.array().dup()));
    return copies;
  }

  /** Nothing of a step that is not finite reaches the weights. */
  private void attempt(int step, Listener listener) throws IOException {
    var batch = data.batch(step, config.seed());
    try (var tape = new Tape(config.seed() + step)) {
      var losses = losses(batch, step);
      NonFiniteException.check(step, batch, losses, tape);
      var gradients = tape.gradients(losses.total());
      NonFiniteException.check(step, batch, gradients, state.trained());
      double rate = config.schedule().rate(step);
      optimizer.step(gradients.clip(config.clip()), rate);
      listener.stepped(step, losses, rate);
    }
    average.follow(step);
  }

  private Losses losses(MixedBatch batch, int step) throws IOException {
    try {
      return objective.of(batch, step);
    } catch (NonFiniteValueException e) {
      throw new NonFiniteException(step, batch, e);
    }
  }

  private int save(int step, Listener listener) throws IOException {
    listener.saving(step);
    state.save(step);
    listener.saved(step, config.checkpoint());
    return step;
  }
}
