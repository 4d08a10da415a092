// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.distill.Embeddings;
import antaboga.distill.semi.PseudoLabels.PromptedTeacher;
import antaboga.nn.Segmenter;
import antaboga.nn.Weights;
import antaboga.nn.data.MixedBatch;
import antaboga.nn.data.Perturbation;
import antaboga.nn.loss.Loss;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * The whole method: a student learns from few masks, from a large teacher of another architecture
 * that sees the same images and the same noise, from the distribution of its own features, and from
 * its own average.
 *
 * <pre>{@code
 * L = L_sup + l_kd (mean over taps (L_feat + w a L_resp) + l_o sum L_orth)
 *           + w (l_d L_dist + l_c L_cons + l_m L_mask + l_s L_strong)
 * }</pre>
 *
 * <p>w(t) is the {@link Rampup}; until it starts, only the supervised, feature and orthogonality
 * terms count and the perturbed images are not looked at. Every weight may be 0, and what a weight
 * of 0 multiplies is not computed. Source: method.md, sections 7 and 8.
 */
public final class PerturbationConsistentDistillation implements SemiSupervisedTraining.Objective {
  /**
   * Weights, and the ramp that most of them share.
   *
   * @param rampup w
   * @param distillation l_kd, a, l_o and the taps
   * @param distribution l_d, the weights of its terms, and the tap
   * @param consistency l_c, of {@link MeanTeacher}
   * @param masks l_m, of {@link PseudoLabels}
   * @param strong l_s, of {@link StrongViews}
   * @param perturbation the noise that teacher and student see
   * @param draws how many perturbations of each image there are
   */
  public record Config(
      Rampup rampup,
      Distillation.Config distillation,
      Distribution.Config distribution,
      double consistency,
      double masks,
      double strong,
      Perturbation perturbation,
      int draws) {
    /** The values of method.md, section 8, for a run of so many steps; L_mask is off. */
    public static Config of(
        long steps, Distillation.Config distillation, Distribution.Config distribution) {
      return new Config(
          Rampup.over(steps), distillation, distribution, 0.1, 0, 0, new Perturbation(), 2);
    }

    /** The same with another weight of the average's consistency. */
    public Config withConsistency(double weight) {
      return new Config(
          rampup, distillation, distribution, weight, masks, strong, perturbation, draws);
    }

    /** The same with prompted masks; 0.3 is the weight of method.md. */
    public Config withMasks(double weight) {
      return new Config(
          rampup, distillation, distribution, consistency, weight, strong, perturbation, draws);
    }

    /** The same with strong views. */
    public Config withStrong(double weight) {
      return new Config(
          rampup, distillation, distribution, consistency, masks, weight, perturbation, draws);
    }

    boolean looksAtUnlabelled() {
      return !distillation.isOff() || !distribution.isOff() || needsNoise();
    }

    boolean looksTwice() {
      return distillation.asksForResponses() || consistency > 0;
    }

    boolean needsNoise() {
      return looksTwice() || masks > 0;
    }

    boolean asksAverage() {
      return consistency > 0 || masks > 0 || strong > 0;
    }
  }

  private static final Loss SUPERVISED = Supervised.loss();
  private static final PseudoLabels MASKS = PseudoLabels.standard();

  /** What the student, and the teacher if it was asked, make of some images. */
  private record Look(
      Images images, Segmenter.Output student, List<Distillation.Compared> compared) {}

  private final Config config;
  private final Students students;
  private final Embeddings embeddings;
  private final Optional<PromptedTeacher> prompted;
  private Optional<Committee> committee = Optional.empty();
  private final long seed;
  private final Weights weights;
  private final Distillation distillation;
  private final Optional<Distribution> distribution;

  /**
   * The method without prompted masks.
   *
   * @param seed of the noise and of the first weights of what is trained beside the student
   */
  public PerturbationConsistentDistillation(
      Config config, Students students, Embeddings embeddings, long seed) {
    this(config, students, embeddings, seed, Optional.empty());
  }

  /** The method with a teacher that segments what a box holds. */
  public PerturbationConsistentDistillation(
      Config config,
      Students students,
      Embeddings embeddings,
      long seed,
      PromptedTeacher prompted) {
    this(config, students, embeddings, seed, Optional.of(prompted));
  }

  private PerturbationConsistentDistillation(
      Config config,
      Students students,
      Embeddings embeddings,
      long seed,
      Optional<PromptedTeacher> prompted) {
    if (config.masks() > 0 && prompted.isEmpty()) {
      throw new IllegalArgumentException(
          "masks of weight " + config.masks() + " and no teacher to prompt");
    }
    this.config = config;
    this.students = students;
    this.embeddings = embeddings;
    this.prompted = prompted;
    this.seed = seed;
    this.weights = Weights.init(seed);
    this.distillation =
        new Distillation(
            config.distillation(),
            weights.at("projectors"),
            embeddings.config().width(),
            students.current());
    this.distribution =
        config.distribution().isOff()
            ? Optional.empty()
            : Optional.of(
                new Distribution(
                    config.distribution(), weights.at("distribution"), students.current()));
  }

  /**
   * Lets a committee say what strong views teach of unlabelled images, not the student's average.
   *
   * @return this
   */
  public PerturbationConsistentDistillation with(Committee other) {
    committee = Optional.of(other);
    return this;
  }

  @Override
  public Weights weights() {
    return weights;
  }

  @Override
  public void prepare(
      SemiSupervisedTraining.Data data, long dataSeed, BooleanSupplier stopRequested)
      throws IOException {
    distillation.start(embeddings, data, dataSeed, stopRequested);
  }

  @Override
  public Losses of(MixedBatch batch, int step) throws IOException {
    double ramp = config.rampup().at(step);
    double confidence = Confidence.threshold(config.rampup(), step);
    long drops = Tape.current().orElseThrow().random().nextLong();
    long labelled = batch.mask().size(0);

    var images = config.looksAtUnlabelled() ? Images.all(batch) : Images.labelled(batch);
    var clean = look(images, drops, !config.distillation().isOff());
    var known = clean.student.logits().slice(0, 0, labelled);
    var losses =
        Losses.of("supervised", SUPERVISED.of(known, batch.mask()))
            .plus(distillation.matched(clean.compared));
    if (ramp == 0) {
      return losses;
    }
    if (distribution.isPresent()) {
      var terms = distribution.get().of(clean.student, batch.mask(), ramp, confidence);
      losses = losses.plus(terms);
    }
    var noisy =
        config.needsNoise()
            ? clean.images.perturbed(config.perturbation(), seed, step % config.draws())
            : clean.images;
    var twin = Optional.<Look>empty();
    if (config.looksTwice()) {
      twin = Optional.of(look(noisy, drops, config.distillation().asksForResponses()));
      losses = losses.plus(distillation.answered(clean.compared, twin.get().compared, ramp));
    }
    return losses.plus(averaged(batch, clean, twin, noisy, ramp, confidence));
  }

  /** Both looks of a step drop the same, or a response would be that of dropout. */
  private Look look(Images images, long drops, boolean teacher) throws IOException {
    var student = Tape.seeded(drops, () -> students.current().observe(images.tensor()));
    var compared =
        teacher
            ? distillation.compare(student, images.embedded(embeddings))
            : List.<Distillation.Compared>of();
    return new Look(images, student, compared);
  }

  /** L_cons, L_mask and L_strong: what the student's average teaches. */
  private Losses averaged(
      MixedBatch batch,
      Look clean,
      Optional<Look> twin,
      Images noisy,
      double ramp,
      double confidence) {
    var losses = Losses.none();
    if (!config.asksAverage()) {
      return losses;
    }
    long labelled = batch.mask().size(0);
    // the average looks at images as they lie; the student shall say the same however they vary
    var laid = batch.laid();
    var warp = laid.unlabelledWarp();
    if (config.consistency() > 0) {
      var average = warp.of(students.averageOf(laid.unlabelled()));
      var student = unlabelled(twin.orElseThrow().student.logits(), labelled);
      var consistency = new MeanTeacher(confidence).of(student, average);
      losses = losses.plus("consistency", ramp * config.consistency(), consistency);
    }
    var random = Tape.current().orElseThrow().random();
    if (config.masks() > 0) {
      var average = warp.of(students.averageOf(laid.unlabelled()));
      var student = unlabelled(clean.student.logits(), labelled);
      var averageOfTwin = students.averageOf(unlabelled(noisy.tensor(), labelled));
      var teacher = prompted.orElseThrow();
      var masks = MASKS.of(batch.unlabelled(), student, average, averageOfTwin, teacher, random);
      losses = losses.plusMean("masks", ramp * config.masks(), masks);
    }
    if (config.strong() > 0) {
      var q =
          committee
              .map(c -> c.of(laid.unlabelled(), batch.unlabelledViews()))
              .orElseGet(() -> students.averageOfLayings(laid.unlabelled()));
      var taught = StrongViews.Taught.of(batch, warp.of(q));
      var strong = StrongViews.of(students.current(), taught, random);
      losses = losses.plus("strong", ramp * config.strong(), strong);
    }
    return losses;
  }

  private static Tensor unlabelled(Tensor all, long labelled) {
    return all.slice(0, labelled, all.size(0));
  }

  @Override
  public String toString() {
    return "PerturbationConsistentDistillation[%s, %s, seed=%d]"
        .formatted(config, embeddings, seed);
  }
}
