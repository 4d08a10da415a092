// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.Tensor;
import antaboga.distill.Embeddings;
import antaboga.distill.semi.Distillation;
import antaboga.distill.semi.Distribution;
import antaboga.distill.semi.Losses;
import antaboga.distill.semi.NonFiniteException;
import antaboga.distill.semi.PerturbationConsistentDistillation;
import antaboga.distill.semi.Rampup;
import antaboga.distill.semi.SemiSupervisedTraining;
import antaboga.distill.semi.Students;
import antaboga.distill.semi.Supervised;
import antaboga.io.Checkpoint;
import antaboga.medsam.MedSam;
import antaboga.nn.Layer;
import antaboga.nn.data.Augment;
import antaboga.nn.data.ImageStore;
import antaboga.nn.data.MixedBatches;
import antaboga.nn.data.Perturbation;
import antaboga.nn.data.Picture;
import antaboga.nn.data.Sample;
import antaboga.nn.data.View;
import antaboga.nn.metric.Dice;
import antaboga.nn.optim.Schedule;
import antaboga.ops.Resample;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
   * @param size side of the square input, a multiple of 32
   * @param steps of the whole run
   * @param labelledBatch labelled images in a step
   * @param unlabelledBatch unlabelled images in a step
   * @param rate the highest learning rate
   * @param averaging how much of the moving average stays at a step, at most
   * @param seed of the first weights, batches and noise
   * @param saveEvery steps between checkpoints
   * @param validateEvery steps between validations
   */
  public record Config(
      Network network,
      int size,
      int steps,
      int labelledBatch,
      int unlabelledBatch,
      double rate,
      double averaging,
      long seed,
      int saveEvery,
      int validateEvery) {}

  /**
   * The weights of the method's terms; see {@code method.md}, section 8.
   *
   * @param distillation of the teacher's terms together
   * @param response of the response term, within them
   * @param distribution of the distribution terms together
   * @param consistency with the moving average
   * @param fixed whether projectors stay at the teacher's principal components; trained ones can
   *     collapse together with the student's features where a run is short
   * @param taps where the student is compared with the teacher
   */
  public record Terms(
      double distillation,
      double response,
      double distribution,
      double consistency,
      boolean fixed,
      List<String> taps) {
    /** Keeps a copy of the list. */
    public Terms {
      taps = List.copyOf(taps);
    }
  }

  /**
   * The whole method.
   *
   * @param teacher guides the student
   * @param fingerprint of the teacher's file: its embeddings are kept under this name
   * @param cache the folder of the embeddings
   * @param terms the weights
   */
  public record Method(MedSam teacher, String fingerprint, Path cache, Terms terms) {}

  private static final Perturbation PERTURBATION = new Perturbation();
  private static final int DRAWS = 2;

  private final Config config;
  private final DataFolder.Division data;
  private final List<Sample> validation;
  private final Optional<Method> method;
  private final Path folder;
  private final Students students;

  /** A run on divided images, kept in a folder; without a method, labelled images alone count. */
  public StudentRun(
      Config config,
      DataFolder.Division data,
      List<Sample> validation,
      Optional<Method> method,
      Path folder) {
    this.config = config;
    this.data = data;
    this.validation = validation;
    this.method = method;
    this.folder = folder;
    this.students = Students.of(config.network()::build, config.seed());
  }

  /** The finished student. */
  public Path file() {
    return folder.resolve("student.safetensors");
  }

  /** Whether the finished student of just this run is there. */
  public boolean isFinished() {
    return Files.exists(file())
        && Files.exists(log())
        && run().equals(ModelFile.open(file()).metadata().get("antaboga.run"));
  }

  private String run() {
    var how = method.map(m -> m.terms() + ", teacher " + m.fingerprint()).orElse("labels only");
    return config + ", " + identity() + ", " + how;
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
            method.isPresent() ? config.unlabelledBatch() : 1,
            store,
            Augment.weak());
    var objective = objective();
    var training =
        new SemiSupervisedTraining(
            training(),
            batches::batch,
            students,
            objective,
            SemiSupervisedTraining.adamW(students, objective),
            () -> validate(store));
    var log = new TrainingLog(log());
    int steps;
    try (var watcher = new Watcher(task, terminal, log)) {
      steps = training.run(watcher, interruption::asked);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } catch (NonFiniteException e) {
      throw new Failure(
          "training left the numbers (%s)".formatted(e.getMessage()),
          folder,
          "lower --rate; the checkpoint is of an earlier step",
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
        identity());
  }

  /** What a checkpoint of another run would differ in. */
  private String identity() {
    var names =
        data.labelled().stream().map(Sample::name).collect(Collectors.joining(" "))
            + data.unlabelled().stream().map(p -> " " + p.name()).collect(Collectors.joining());
    return "%s, %d labelled, %d unlabelled (%08x), size %d, batch %d + %d"
        .formatted(
            config.network(),
            data.labelled().size(),
            data.unlabelled().size(),
            names.hashCode(),
            config.size(),
            config.labelledBatch(),
            config.unlabelledBatch());
  }

  private SemiSupervisedTraining.Objective objective() {
    if (method.isEmpty()) {
      return new Supervised(students.current());
    }
    var how = method.get();
    var terms = how.terms();
    var distillation =
        terms.distillation() == 0
            ? Distillation.Config.off()
            : new Distillation.Config(
                terms.distillation(),
                terms.response(),
                terms.fixed() ? 0 : 1e-2,
                terms.fixed(),
                Math.max(1, 2 * data.unlabelled().size() / config.unlabelledBatch()),
                terms.taps());
    var standard = Distribution.Config.of(config.network().distribution());
    var distribution =
        terms.distribution() == 0
            ? Distribution.Config.off()
            : new Distribution.Config(
                terms.distribution(),
                standard.align(),
                standard.separate(),
                standard.posterior(),
                standard.width(),
                standard.tap());
    var settings =
        new PerturbationConsistentDistillation.Config(
            Rampup.over(config.steps()),
            distillation,
            distribution,
            terms.consistency(),
            0,
            PERTURBATION,
            DRAWS);
    return new PerturbationConsistentDistillation(
        settings, students, embeddings(how), config.seed());
  }

  private Embeddings embeddings(Method how) {
    var encoder = how.teacher().imageEncoder();
    var model = how.teacher().model().config();
    var sides =
        students.current().taps().stream()
            .map(tap -> Math.min(model.grid(), config.size() / tap.stride()))
            .distinct()
            .toList();
    Layer teacher =
        x ->
            encoder.forward(
                x.size(-1) == model.input()
                    ? x
                    : x.resize(Resample.Rule.BILINEAR, model.input(), model.input()));
    return new Embeddings(
        Embeddings.Config.of(how.cache(), how.fingerprint(), model.channels(), sides), teacher);
  }

  /**
   * Asks the teacher about every training image and its perturbed twins, so that training need not.
   *
   * @throws IOException if the cache cannot be written
   */
  public void cacheEmbeddings(Terminal terminal, Interruption interruption) throws IOException {
    var embeddings = embeddings(method.orElseThrow());
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
    for (int draw = 0; draw < DRAWS; draw++) {
      var noise = PERTURBATION.delta(views, config.size(), config.seed(), draw);
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
    return Map.of("dice", sum / validation.size());
  }

  private void finish() throws IOException {
    var file = Checkpoint.of(students.averageWeights().arrays());
    var metadata = new LinkedHashMap<>(ModelFile.studentMetadata(config.network(), config.size()));
    metadata.put("antaboga.run", run());
    metadata.put("antaboga.labelled", data.how());
    for (var entry : metadata.entrySet()) {
      file = file.with(entry.getKey(), entry.getValue());
    }
    file.save(file());
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
      try {
        log.begin(step);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
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
    public void validated(int step, Map<String, Double> scores) {
      log.validated(step, scores);
    }

    @Override
    public void saved(int step, Path checkpoint) {
      if (!begun) {
        begin(step);
      }
      try {
        log.flush();
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
