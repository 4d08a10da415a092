// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.distill.Embeddings;
import antaboga.io.Checkpoint;
import antaboga.medsam.BoxPrompts;
import antaboga.medsam.MedSamTraining;
import antaboga.medsam.TrainableSam;
import antaboga.medsam.model.Sam;
import antaboga.medsam.model.TrainedParts;
import antaboga.nn.Weights;
import antaboga.nn.data.Augment;
import antaboga.nn.data.Batch;
import antaboga.nn.data.Batches;
import antaboga.nn.data.ImageStore;
import antaboga.nn.data.Sample;
import antaboga.nn.data.View;
import antaboga.nn.metric.Dice;
import antaboga.nn.optim.AdamW;
import antaboga.nn.optim.Schedule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Trains a teacher further, by MedSAM's recipe: an image, the box of one of its objects with sides
 * moved outward, the object's mask; Dice and cross entropy, AdamW. MedSAM's rate stays the same;
 * here it rises and falls, since runs are short and batches small. A run resumes by itself from the
 * checkpoint in its folder.
 *
 * <p>Where the image encoder is frozen, each image passes it once, and its embedding is kept in the
 * folder. Source: {@code train_one_gpu.py} of MedSAM.
 */
public final class TuningRun {
  /**
   * How it is trained.
   *
   * @param parts what changes
   * @param steps of the whole run
   * @param batch images in a step
   * @param rate the highest learning rate; AdamW, weight decay 0.01, cosine, warm-up
   * @param prompts how boxes are drawn
   * @param augment whether images are mirrored and turned
   * @param seed of batches and boxes
   * @param saveEvery steps between checkpoints
   * @param validateEvery steps between validations
   */
  public record Config(
      TrainedParts parts,
      int steps,
      int batch,
      double rate,
      BoxPrompts prompts,
      boolean augment,
      long seed,
      int saveEvery,
      int validateEvery) {}

  /**
   * What it begins with.
   *
   * @param model the model as its file has it
   * @param file where it lies
   * @param fingerprint of the file
   */
  public record Start(TrainableSam model, Path file, String fingerprint) {}

  private static final String DICE = "dice";

  private final Config config;
  private final Start start;
  private final List<Sample> samples;
  private final List<Sample> validation;
  private final Path folder;
  private final Weights weights;
  private final Sam sam;
  private final MedSamTraining training;
  private final AdamW optimizer;
  private final Schedule schedule;
  private final ImageStore store;
  private final Batches batches;
  private final TrainingLog log;
  private final Optional<Embeddings> embeddings; // only where the encoder is frozen

  /** A run on these images, each of which shows an object; kept in a folder. */
  public TuningRun(
      Config config, Start start, List<Sample> samples, List<Sample> validation, Path folder) {
    this.config = config;
    this.start = start;
    this.samples = List.copyOf(samples);
    this.validation = List.copyOf(validation);
    this.folder = folder;
    this.weights = start.model().weights();
    this.sam = TeacherMemory.bounded(start.model().sam(), config.batch());
    this.training = new MedSamTraining(sam);
    this.optimizer = new AdamW(AdamW.Config.of(config.rate()).withDecay(0.01), weights.trainable());
    this.schedule =
        Schedule.cosine(config.rate(), config.steps(), config.rate() / 100)
            .warmUp(Math.max(1, config.steps() / 20), 0.01);
    this.store = new ImageStore(sam.config().input());
    this.batches =
        new Batches(
            samples, config.batch(), store, config.augment() ? Augment.weak() : Augment.none());
    this.log =
        new TrainingLog(
            folder.resolve("log.jsonl"), folder.resolve("events.out.tfevents.antaboga"));
    this.embeddings = sam.hasFrozenEncoder() ? Optional.of(embeddings()) : Optional.empty();
  }

  private Embeddings embeddings() {
    var c = sam.config();
    return new Embeddings(
        Embeddings.Config.of(
                folder.resolve("embeddings"), start.fingerprint(), c.channels(), List.of(c.grid()))
            .withLaying(Embeddings.Laying.AS_IT_LIES),
        sam.imageEncoder());
  }

  /** The tuned teacher. */
  public Path file() {
    return result(folder);
  }

  static Path result(Path folder) {
    return folder.resolve("teacher.safetensors");
  }

  /** About the bytes that a run writes: checkpoint and its successor, the result, embeddings. */
  static long room(TrainableSam model, int images, boolean augment) {
    long all = model.weights().all().stream().mapToLong(p -> p.shape().elements()).sum();
    var c = model.sam().config();
    long embedding = (long) c.channels() * c.grid() * c.grid() * (augment ? 8 : 1);
    long kept = model.sam().hasFrozenEncoder() ? images * embedding : 0;
    return Float.BYTES * (6 * model.weights().count() + all + kept);
  }

  /**
   * Trains to the end, or until interrupted; either way the last step is saved.
   *
   * @return the number of steps taken in all
   * @throws IOException if a file cannot be read or written
   */
  public int run(Terminal terminal, Interruption interruption) throws IOException {
    int step = resume();
    log.begin(step);
    if (step < config.steps() && embeddings.isPresent() && !config.augment()) {
      encode(embeddings.get(), terminal, interruption);
    }
    try (var progress = terminal.start("fine-tuning", config.steps(), step)) {
      while (true) {
        validate(step, interruption);
        if (step == config.steps() || interruption.asked()) {
          break;
        }
        var losses = step(step);
        log.stepped(step, numbers(losses));
        step++;
        progress.at(step, "loss %.3f".formatted(losses.total()));
        if (step % config.saveEvery() == 0 && step < config.steps()) {
          save(step);
        }
      }
    }
    save(step);
    if (step == config.steps()) {
      finish();
    }
    return step;
  }

  private static Map<String, Double> numbers(MedSamTraining.Losses losses) {
    var numbers = new LinkedHashMap<String, Double>();
    numbers.put("loss", losses.total());
    numbers.put("dice", losses.dice());
    numbers.put("cross-entropy", losses.crossEntropy());
    return numbers;
  }

  /** Pairs of step and Dice on the validation images: before, on the way, after. */
  public List<double[]> validations() {
    return log.validations(DICE);
  }

  private void encode(Embeddings to, Terminal terminal, Interruption interruption)
      throws IOException {
    try (var progress = terminal.start("embeddings", samples.size(), 0)) {
      for (int i = 0; i < samples.size() && !interruption.asked(); i++) {
        embedding(to, samples.get(i));
        progress.at(i + 1, "");
      }
    }
  }

  private Tensor embedding(Embeddings from, Sample sample) throws IOException {
    var image = store.image(sample.image());
    return from.of(image, List.of(View.whole(sample.name(), false))).at(sam.config().grid());
  }

  private MedSamTraining.Losses step(int step) throws IOException {
    var batch = batches.batch(step, config.seed());
    var random = new SplittableRandom(31 * config.seed() + step);
    var asked = BoxedTargets.draw(batch, config.prompts(), random);
    try {
      return step(step, batch, asked);
    } catch (ArithmeticException e) {
      throw new Failure(
          "training left the numbers at step %d (%s)".formatted(step, e.getMessage()),
          state().file(),
          "lower --rate; the checkpoint is of an earlier step",
          e);
    }
  }

  private MedSamTraining.Losses step(int step, Batch batch, BoxedTargets asked) throws IOException {
    double rate = schedule.rate(step);
    if (embeddings.isPresent()) {
      var encoded = embeddings.get().of(batch.image(), batch.views()).at(sam.config().grid());
      return training.stepEncoded(encoded, asked.boxes(), asked.targets(), optimizer, rate, step);
    }
    return training.step(batch.image(), asked.boxes(), asked.targets(), optimizer, rate, step);
  }

  /** The Dice of what true boxes give, unless that is known or not due at this step. */
  private void validate(int step, Interruption interruption) throws IOException {
    boolean due = step % config.validateEvery() == 0 || step == config.steps();
    boolean known = validations().stream().anyMatch(pair -> pair[0] == step);
    if (!due || known || validation.isEmpty()) {
      return;
    }
    var dice = new Dice();
    double sum = 0;
    for (var sample : validation) {
      if (interruption.asked()) {
        return; // the run that goes on does it
      }
      var truth = sample.truth();
      var embedding =
          embeddings.isPresent()
              ? embedding(embeddings.get(), sample)
              : Tape.scoped(() -> sam.imageEncoder().forward(image(sample)));
      sum += dice.of(Prediction.teacher(sam, embedding, truth), truth);
    }
    log.validated(step, Map.of(DICE, sum / validation.size()));
  }

  private Tensor image(Sample sample) {
    try {
      return store.image(sample.image());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private TeacherState state() {
    return TeacherState.in(folder, identity());
  }

  private int resume() throws IOException {
    var saved = state().open();
    if (saved.isEmpty()) {
      save(0); // a folder that cannot be written fails now, not an hour later
      return 0;
    }
    var arrays = new LinkedHashMap<>(weights.arrays()); // what is frozen is not saved
    arrays.putAll(saved.get().arrays());
    weights.assign(arrays);
    optimizer.restore(saved.get().moments());
    return saved.get().step();
  }

  private void save(int step) throws IOException {
    var trained = new LinkedHashMap<String, INDArray>();
    weights.trainable().forEach(p -> trained.put(p.name(), p.array()));
    log.flush(); // first: a run that resumes drops what came after its checkpoint
    state().save(step, trained, optimizer);
  }

  private void finish() throws IOException {
    var file = Checkpoint.of(weights.arrays());
    for (var entry : ModelFile.teacherMetadata().entrySet()) {
      file = file.with(entry.getKey(), entry.getValue());
    }
    file.with("antaboga.tuned", String.valueOf(start.file().getFileName()))
        .with("antaboga.run", identity())
        .save(file());
  }

  /** Everything that the result depends on, in a line. */
  private String identity() {
    var names = samples.stream().map(Sample::name).collect(Collectors.joining(" "));
    return "%s of %s, %d steps, batch %d, rate %s, %s, %s, seed %d on %d images (%08x)"
        .formatted(
            config.parts(),
            start.fingerprint(),
            config.steps(),
            config.batch(),
            config.rate(),
            config.prompts(),
            config.augment() ? "mirrored and turned" : "as they are",
            config.seed(),
            samples.size(),
            names.hashCode());
  }
}
