// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.Tensor;
import antaboga.distill.Embeddings;
import antaboga.distill.semi.Losses;
import antaboga.distill.semi.NonFiniteException;
import antaboga.distill.semi.SemiSupervisedTraining;
import antaboga.distill.semi.SemiSupervisedTraining.NonFinite;
import antaboga.distill.semi.Students;
import antaboga.io.Checkpoint;
import antaboga.mamba.vision.VssUNet;
import antaboga.nn.Segmenter;
import antaboga.nn.Weights;
import antaboga.nn.ZScored;
import antaboga.nn.data.Augment;
import antaboga.nn.data.ImageStore;
import antaboga.nn.data.MixedBatches;
import antaboga.nn.data.Picture;
import antaboga.nn.data.Sample;
import antaboga.nn.data.Variation;
import antaboga.nn.data.View;
import antaboga.nn.metric.Dice;
import antaboga.nn.optim.Schedule;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Trains the student, by labelled images alone or by the whole method. A run resumes by itself from
 * the checkpoint in its folder; the finished student is the moving average of its weights.
 */
public final class StudentRun {
  /**
   * How it is trained.
   *
   * @param network the student
   * @param zScore whether it is shown images as {@link ZScored} tells; a {@link VssUNet} then
   *     {@linkplain VssUNet#started starts} for them
   * @param variation what becomes of the images of each step
   * @param size side of the square input, a multiple of 32
   * @param steps of the whole run
   * @param labelledBatch labelled images in a step
   * @param unlabelledBatch unlabelled images in a step
   * @param rate the highest learning rate
   * @param averaging how much of the moving average stays at a step, at most
   * @param seed of the first weights, batches and noise
   * @param saveEvery steps between checkpoints
   * @param validateEvery steps between validations
   * @param nonFinite what becomes of a step whose losses or gradients are not finite
   */
  public record Config(
      Network network,
      boolean zScore,
      Variation variation,
      int size,
      int steps,
      int labelledBatch,
      int unlabelledBatch,
      double rate,
      double averaging,
      long seed,
      int saveEvery,
      int validateEvery,
      NonFinite nonFinite) {
    /** A student with these weights, for lesions of this share of the pixels. */
    Segmenter build(Weights weights, double lesions) {
      var student = network.build(weights);
      if (!zScore) {
        return student;
      }
      return ZScored.of(student instanceof VssUNet net ? net.started(lesions) : student);
    }

    /** The same for another length. */
    public Config withSteps(int length) {
      int tenth = Math.max(1, length / 10);
      return new Config(
          network,
          zScore,
          variation,
          size,
          length,
          labelledBatch,
          unlabelledBatch,
          rate,
          averaging,
          seed,
          tenth,
          tenth,
          nonFinite);
    }

    /** The same with another seed. */
    public Config withSeed(long other) {
      return new Config(
          network,
          zScore,
          variation,
          size,
          steps,
          labelledBatch,
          unlabelledBatch,
          rate,
          averaging,
          other,
          saveEvery,
          validateEvery,
          nonFinite);
    }
  }

  private static final double RAREST = 1e-3; // a share of lesions that a start can tell of
  private static final String DICE = "dice";
  private static final String SCORE = "antaboga.validation";

  private final Config config;
  private final DataFolder.Division data;
  private final List<Sample> validation;
  private final Recipe recipe;
  private final Path folder;
  private final Optional<ModelFile> start;
  private final Function<Weights, Segmenter> build;
  private final Students students;

  /** A run on divided images, kept in a folder. */
  public StudentRun(
      Config config,
      DataFolder.Division data,
      List<Sample> validation,
      Recipe recipe,
      Path folder) {
    this(config, data, validation, recipe, folder, Optional.empty());
  }

  /** The same, from a student that another run has finished. */
  public StudentRun(
      Config config,
      DataFolder.Division data,
      List<Sample> validation,
      Recipe recipe,
      Path folder,
      Optional<ModelFile> start) {
    this.config = config;
    this.data = data;
    this.validation = validation;
    this.recipe = recipe;
    this.folder = folder;
    this.start = start;
    double lesions = config.zScore() ? lesions(data.labelled()) : RAREST;
    this.build = weights -> config.build(weights, lesions);
    this.students = Students.of(build, config.seed());
    start.ifPresent(file -> file.assignTo(students, config));
  }

  /** The share of the pixels that masks mark. */
  private static double lesions(List<Sample> samples) {
    double sum = 0;
    for (var sample : samples) {
      try {
        var mask = sample.truth();
        sum += (double) mask.count() / ((long) mask.shape()[0] * mask.shape()[1]);
      } catch (IOException e) {
        throw new Failure("mask cannot be read", sample.mask(), "check the file", e);
      }
    }
    return Math.min(1 - RAREST, Math.max(RAREST, sum / samples.size()));
  }

  /** The finished student. */
  public Path file() {
    return folder.resolve("student.safetensors");
  }

  /** The average student that scored best on validation; none if there was no validation. */
  public Path best() {
    return folder.resolve("best.safetensors");
  }

  /** What a resumable run is kept in; of no use once it is finished. */
  public Path checkpoint() {
    return training().checkpoint();
  }

  /** Whether the finished student of just this run is there. */
  public boolean isFinished() {
    return Files.exists(file())
        && Files.exists(log())
        && run().equals(ModelFile.open(file()).metadata().get("antaboga.run"));
  }

  private String run() {
    return config + ", " + identity() + ", " + recipe;
  }

  /** Where the numbers of the run are. */
  public Path log() {
    return folder.resolve("log.jsonl");
  }

  /** The number of the student's parameters. */
  public long parameters() {
    return students.weights().count();
  }

  /**
   * Trains to the end, or until interrupted; either way the last step is saved.
   *
   * @return the number of steps taken in all
   * @throws IOException if a file cannot be read or written
   */
  public int run(String task, Terminal terminal, Interruption interruption) throws IOException {
    var store = new ImageStore(config.size());
    var batches =
        new MixedBatches(
            data.labelled(),
            config.labelledBatch(),
            unlabelled(),
            recipe.usesUnlabelled() ? config.unlabelledBatch() : 1,
            store,
            Augment.weak());
    var objective = recipe.objective(config, build, students, data.unlabelled().size());
    var training =
        new SemiSupervisedTraining(
            training(),
            (step, seed) -> config.variation().of(batches.batch(step, seed), step, seed),
            students,
            objective,
            SemiSupervisedTraining.adamW(students, objective),
            () -> validate(store));
    var log = new TrainingLog(log(), folder.resolve("events.out.tfevents.antaboga"));
    int steps;
    try (var watcher = new Watcher(task, terminal, log)) {
      steps = training.run(watcher, interruption::asked);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } catch (NonFiniteException e) {
      throw new Failure(
          "training left the numbers (%s)".formatted(e.getMessage()),
          folder,
          "lower --rate, or give --non-finite skip; the checkpoint is of an earlier step",
          e);
    }
    if (steps == config.steps()) {
      finish();
    }
    return steps;
  }

  private SemiSupervisedTraining.Config training() {
    var schedule =
        Schedule.cosine(config.rate(), config.steps(), config.rate() / 100)
            .warmUp(Math.max(1, config.steps() / 60), 0.01);
    return new SemiSupervisedTraining.Config(
        config.steps(),
        config.seed(),
        schedule,
        12,
        config.averaging(),
        config.saveEvery(),
        config.validateEvery(),
        folder,
        identity(),
        config.nonFinite());
  }

  /** What a checkpoint of another run would differ in. */
  private String identity() {
    var names =
        data.labelled().stream().map(Sample::name).collect(Collectors.joining(" "))
            + data.unlabelled().stream().map(p -> " " + p.name()).collect(Collectors.joining());
    return "%s%s%s%s, %d labelled, %d unlabelled (%08x), size %d, batch %d + %d"
        .formatted(
            config.network(),
            config.zScore() ? ", z-score" : "",
            config.variation().equals(Variation.none()) ? "" : ", " + config.variation(),
            start.map(file -> ", from " + file.fingerprint()).orElse(""),
            data.labelled().size(),
            data.unlabelled().size(),
            names.hashCode(),
            config.size(),
            config.labelledBatch(),
            config.unlabelledBatch());
  }

  /**
   * Asks the teacher, if there is one, about every training image and its perturbed twins, so that
   * training need not.
   *
   * @throws IOException if the cache cannot be written
   */
  public void cacheEmbeddings(Terminal terminal, Interruption interruption) throws IOException {
    var guide = recipe.guide();
    if (guide.isEmpty()) {
      return;
    }
    var embeddings = guide.get().embeddings(students, config.size(), recipe.taps());
    var store = new ImageStore(config.size());
    var unlabelled = unlabelled();
    int images = Math.max(data.labelled().size(), unlabelled.size());
    var each = new MixedBatches(data.labelled(), 1, unlabelled, 1, store, Augment.none());
    try (var progress = terminal.start("embeddings", images, 0)) {
      for (int i = 0; i < images && !interruption.asked(); i++) {
        var batch = each.batch(i, config.seed());
        see(embeddings, batch.unlabelled(), batch.unlabelledViews());
        if (i < data.labelled().size()) {
          see(embeddings, batch.labelled(), batch.labelledViews());
        }
        progress.at(i + 1, "");
      }
    }
  }

  private void see(Embeddings embeddings, Tensor image, List<View> views) throws IOException {
    embeddings.of(image, views);
    for (int draw = 0; draw < recipe.draws(); draw++) {
      var noise = Recipe.PERTURBATION.delta(views, config.size(), config.seed(), draw);
      embeddings.of(image.add(noise), views);
    }
  }

  private List<Picture> unlabelled() {
    return data.unlabelled().isEmpty()
        ? data.labelled().stream().map(Sample::picture).toList()
        : data.unlabelled();
  }

  private Map<String, Double> validate(ImageStore store) throws IOException {
    if (validation.isEmpty()) {
      return Map.of();
    }
    var dice = new Dice();
    double sum = 0;
    for (var sample : validation) {
      var mask = Prediction.student(students.average(), store, sample.image(), 0.5);
      sum += dice.of(mask, sample.truth());
    }
    return Map.of(DICE, sum / validation.size());
  }

  private void finish() throws IOException {
    student().save(file());
  }

  /** The average student as it is now. */
  private Checkpoint student() {
    var file = Checkpoint.of(students.averageWeights().arrays());
    var metadata = new LinkedHashMap<>(ModelFile.studentMetadata(config));
    metadata.put("antaboga.run", run());
    metadata.put("antaboga.labelled", data.how());
    for (var entry : metadata.entrySet()) {
      file = file.with(entry.getKey(), entry.getValue());
    }
    return file;
  }

  /**
   * Keeps the student if none before it scored as well. A run that resumes meets the same scores
   * again, so that what is kept does not depend on where it was stopped.
   */
  private void keepIfBest(int step, double score) throws IOException {
    if (Files.exists(best())) {
      var kept = ModelFile.open(best()).metadata();
      if (score <= Double.parseDouble(kept.getOrDefault(SCORE, "-1"))) {
        return;
      }
    }
    student()
        .with(SCORE, Double.toString(score))
        .with("antaboga.steps", Integer.toString(step))
        .save(best());
  }

  /** Keeps the log and shows the progress. */
  private final class Watcher implements SemiSupervisedTraining.Listener, AutoCloseable {
    private final String task;
    private final Terminal terminal;
    private final TrainingLog log;
    private Terminal.@org.jspecify.annotations.Nullable Progress progress;
    private boolean begun;

    Watcher(String task, Terminal terminal, TrainingLog log) {
      this.task = task;
      this.terminal = terminal;
      this.log = log;
    }

    @Override
    public void resumed(int step, Path checkpoint) {
      begin(step);
    }

    private void begin(int step) {
      begun = true;
      progress = terminal.start(task, config.steps(), step);
      unchecked(
          () -> {
            log.begin(step);
            if (step == 0) {
              Files.deleteIfExists(best());
            }
          });
    }

    @Override
    public void stepped(int step, Losses losses, double rate) {
      var values = losses.values();
      log.stepped(step, values);
      if (progress != null) {
        var note = "loss %.3f".formatted(values.getOrDefault("supervised", Double.NaN));
        progress.at(step + 1, note);
      }
    }

    @Override
    public void skipped(int step, NonFiniteException reason) {
      log.skipped(step);
      terminal.say("antaboga: skipped %s", String.valueOf(reason.getMessage()));
    }

    @Override
    public void validated(int step, Map<String, Double> scores) {
      log.validated(step, scores);
      var score = scores.get(DICE);
      if (score != null) {
        unchecked(() -> keepIfBest(step, score));
      }
    }

    @Override
    public void saving(int step) {
      if (begun) {
        unchecked(log::flush); // first: a run that resumes drops what came after its checkpoint
      }
    }

    @Override
    public void saved(int step, Path checkpoint) {
      if (!begun) {
        begin(step);
      }
    }

    private interface Writing {
      void write() throws IOException;
    }

    private static void unchecked(Writing writing) {
      try {
        writing.write();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() {
      if (progress != null) {
        progress.close();
      }
    }
  }
}
