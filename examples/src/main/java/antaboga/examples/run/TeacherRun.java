// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.Tensor;
import antaboga.io.Checkpoint;
import antaboga.medsam.BoxPrompts;
import antaboga.medsam.MedSamTraining;
import antaboga.medsam.model.MedSamConfig;
import antaboga.medsam.model.Sam;
import antaboga.nn.Weights;
import antaboga.nn.data.Augment;
import antaboga.nn.data.Batch;
import antaboga.nn.data.Batches;
import antaboga.nn.data.ImageStore;
import antaboga.nn.data.Sample;
import antaboga.nn.data.StrongAugment;
import antaboga.nn.optim.AdamW;
import antaboga.nn.optim.ParameterGroup;
import antaboga.nn.optim.Schedule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/**
 * Trains a teacher of MedSAM's architecture on boxes and masks: an image, the box of one of its
 * objects, the object's mask. A run resumes by itself from the checkpoint in its folder.
 *
 * <p>Each data set has the same share of the steps, whatever its size.
 */
public final class TeacherRun {
  /**
   * How it is trained.
   *
   * @param model the sizes of the teacher
   * @param steps of the whole run
   * @param batch images in a step
   * @param rate the highest learning rate; AdamW, weight decay 0.05, cosine, warm-up
   * @param seed of the first weights, batches and boxes
   * @param saveEvery steps between checkpoints
   */
  public record Config(
      MedSamConfig model, int steps, int batch, double rate, long seed, int saveEvery) {}

  /**
   * A set to learn from.
   *
   * @param samples its images and masks
   * @param wholeMasks whether all that a mask marks is drawn as one object too, as a lesion is;
   *     not, where only single objects are asked for
   * @param inverted the share of images whose brightness is turned round
   */
  public record Source(List<Sample> samples, boolean wholeMasks, double inverted) {
    /** The same set seen as the other's modality shows it: bright on dark, or dark on bright. */
    public Source turnedTo(Source other) throws IOException {
      return new Source(samples, wholeMasks, marksBright() == other.marksBright() ? 0 : 1);
    }

    /** Whether what masks mark is brighter than the rest, in most images. */
    private boolean marksBright() throws IOException {
      int bright = 0;
      for (var sample : samples) {
        bright += Pictures.contrast(sample) > 0 ? 1 : -1;
      }
      return bright > 0;
    }
  }

  /** The loss of one step. */
  public record Point(int step, double loss) {}

  private static final String CURVE = "curve";
  private static final StrongAugment JITTER =
      new StrongAugment(0.4, 0.4, 0.4, 0.2, 0.8, 0.4, 4, 0.2);

  private final Config config;
  private final List<Source> sets;
  private final Path folder;
  private final Weights weights;
  private final MedSamTraining training;
  private final AdamW optimizer;
  private final Schedule schedule;
  private final List<Batches> batches = new ArrayList<>();

  /** A run on these sets, kept in a folder. */
  public TeacherRun(Config config, List<Source> sets, Path folder) {
    this.config = config;
    this.sets = List.copyOf(sets);
    this.folder = folder;
    this.weights = Weights.init(config.seed());
    var sam = Sam.withFrozenPrompts(weights, config.model());
    this.training = new MedSamTraining(TeacherMemory.bounded(sam, config.batch()));
    this.optimizer =
        new AdamW(
            AdamW.Config.of(config.rate()).withDecay(0.05),
            ParameterGroup.sparing(weights.trainable()));
    this.schedule =
        Schedule.cosine(config.rate(), config.steps(), config.rate() / 100)
            .warmUp(Math.max(1, config.steps() / 20), 0.01);
    var store = new ImageStore(config.model().input());
    for (var set : sets) {
      batches.add(new Batches(set.samples(), config.batch(), store, Augment.weak().withCrop(0.6)));
    }
  }

  /** The finished teacher. */
  public Path file() {
    return folder.resolve("teacher.safetensors");
  }

  /** Whether the finished teacher of just this run is there. */
  public boolean isFinished() {
    return Files.exists(file())
        && identity().equals(ModelFile.open(file()).metadata().get("antaboga.run"));
  }

  /** The number of parameters that are trained or frozen. */
  public long parameters() {
    return parameters(weights);
  }

  /** The same of any SAM; its random position matrix is a buffer and does not count. */
  static long parameters(Weights of) {
    return of.all().stream()
        .filter(p -> !p.name().endsWith("gaussian_matrix"))
        .mapToLong(p -> p.shape().elements())
        .sum();
  }

  private TeacherState state() {
    return TeacherState.in(folder, identity());
  }

  /**
   * Trains to the end, or until interrupted; either way the last step is saved.
   *
   * @return the loss of every step taken, also of those before a resumption
   * @throws IOException if a file cannot be read or written
   */
  public List<Point> run(Terminal terminal, Interruption interruption) throws IOException {
    var curve = new ArrayList<Point>();
    int step = resume(curve);
    try (var progress = terminal.start("teacher", config.steps(), step)) {
      while (step < config.steps() && !interruption.asked()) {
        double loss = step(step);
        curve.add(new Point(step, loss));
        step++;
        progress.at(step, "loss %.3f".formatted(loss));
        if (step % config.saveEvery() == 0 && step < config.steps()) {
          save(step, curve);
        }
      }
    }
    save(step, curve);
    if (step == config.steps()) {
      finish();
    }
    return curve;
  }

  private double step(int step) throws IOException {
    int set = step % sets.size();
    var batch = batches.get(set).batch(step / sets.size(), config.seed());
    var random = new SplittableRandom(31 * config.seed() + step);
    var images = photographed(batch.image(), sets.get(set).inverted(), random);
    var asked = targets(batch, sets.get(set).wholeMasks(), random);
    try {
      return training
          .step(images, asked.boxes(), asked.targets(), optimizer, schedule.rate(step), step)
          .total();
    } catch (ArithmeticException e) {
      throw new Failure(
          "training left the numbers at step %d (%s)".formatted(step, e.getMessage()),
          state().file(),
          "lower --rate; the checkpoint is of an earlier step",
          e);
    }
  }

  /** Other colours, and some images inverted. */
  private Tensor photographed(Tensor images, double inverted, SplittableRandom random) {
    var jittered = JITTER.of(images, random.nextLong());
    var parts = new ArrayList<Tensor>();
    for (long i = 0; i < images.size(0); i++) {
      var image = jittered.slice(0, i, i + 1);
      parts.add(random.nextDouble() < inverted ? image.affine(-1, 1) : image);
    }
    return Tensor.concat(0, parts);
  }

  /** One object of each mask, with its box; an empty mask asks for nothing in a random box. */
  private BoxedTargets targets(Batch batch, boolean whole, SplittableRandom random) {
    int size = config.model().input();
    return BoxedTargets.draw(batch, new BoxPrompts(size * size / 1024, size / 50, whole), random);
  }

  private int resume(List<Point> curve) throws IOException {
    var saved = state().open();
    if (saved.isEmpty()) {
      save(0, curve); // a folder that cannot be written fails now, not an hour later
      return 0;
    }
    var arrays = saved.get().arrays();
    var losses = arrays.get(CURVE);
    if (losses != null) {
      var values = Tensor.of(losses).toFloats();
      for (int i = 0; i < values.length; i++) {
        curve.add(new Point(i, values[i]));
      }
    }
    weights.assign(arrays);
    optimizer.restore(saved.get().moments());
    return saved.get().step();
  }

  private void save(int step, List<Point> curve) throws IOException {
    var arrays = new LinkedHashMap<>(weights.arrays());
    if (!curve.isEmpty()) {
      var losses = new float[curve.size()];
      for (int i = 0; i < losses.length; i++) {
        losses[i] = (float) curve.get(i).loss();
      }
      arrays.put(CURVE, Tensor.of(losses, losses.length).array());
    }
    state().save(step, arrays, optimizer);
  }

  private void finish() throws IOException {
    var file = Checkpoint.of(weights.arrays());
    for (Map.Entry<String, String> entry : ModelFile.teacherMetadata().entrySet()) {
      file = file.with(entry.getKey(), entry.getValue());
    }
    file.with("antaboga.run", identity()).save(file());
  }

  /** Everything that the result depends on, in a line. */
  String identity() {
    var images = sets.stream().mapToInt(set -> set.samples().size()).sum();
    var names =
        sets.stream()
            .flatMap(set -> set.samples().stream())
            .map(Sample::name)
            .collect(Collectors.joining(" "));
    return "%s, %d steps, batch %d, rate %s, seed %d on %d images (%08x), inverted %s"
        .formatted(
            config.model,
            config.steps,
            config.batch,
            config.rate,
            config.seed,
            images,
            names.hashCode(),
            sets.stream().map(Source::inverted).toList());
  }
}
