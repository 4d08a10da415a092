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
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The whole method: a student learns from few masks, from a large teacher of another architecture
 * that sees the same images and the same noise, from the distribution of its own features, and from
 * its own average.
 *
 * <pre>{@code
 * L = L_sup + l_kd (mean over taps (L_feat + w a L_resp) + l_o sum L_orth)
 *           + w (l_d L_dist + l_c L_cons + l_m L_mask)
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
   * @param perturbation the noise that teacher and student see
   * @param draws how many perturbations of each image there are
   */
  public record Config(
      Rampup rampup,
      Distillation.Config distillation,
      Distribution.Config distribution,
      double consistency,
      double masks,
      Perturbation perturbation,
      int draws) {
    /** The values of method.md, section 8, for a run of so many steps; L_mask is off. */
    public static Config of(
        long steps, Distillation.Config distillation, Distribution.Config distribution) {
      return new Config(
          Rampup.over(steps), distillation, distribution, 0.1, 0, new Perturbation(), 2);
    }

    /** The same with another weight of the average's consistency. */
    public Config withConsistency(double weight) {
      return new Config(rampup, distillation, distribution, weight, masks, perturbation, draws);
    }

    /** The same with prompted masks; 0.3 is the weight of method.md. */
    public Config withMasks(double weight) {
      return new Config(
          rampup, distillation, distribution, consistency, weight, perturbation, draws);
    }

    boolean needsPerturbed() {
      return consistency > 0 || masks > 0 || (!distillation.isOff() && distillation.response() > 0);
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
  private final @Nullable PromptedTeacher prompted;
  private final long seed;
  private final Weights weights;
  private final @Nullable Distillation distillation;
  private final @Nullable Distribution distribution;

  /**
   * The method without prompted masks.
   *
   * @param seed of the noise and of the first weights of what is trained beside the student
   */
  public PerturbationConsistentDistillation(
      Config config, Students students, Embeddings embeddings, long seed) {
    this(config, students, embeddings, seed, null);
  }

  /** The method with a teacher that segments what a box holds. */
  public PerturbationConsistentDistillation(
      Config config,
      Students students,
      Embeddings embeddings,
      long seed,
      @Nullable PromptedTeacher prompted) {
    if (config.masks() > 0 && prompted == null) {
      throw new IllegalArgumentException(
          "masks of weight " + config.masks() + " and no teacher to prompt");
    }
    this.config = config;
    this.students = students;
    this.embeddings = embeddings;
    this.prompted = prompted;
    this.seed = seed;
    this.weights = Weights.init(seed);
    int width = embeddings.config().width();
    var student = students.current();
    this.distillation =
        config.distillation().isOff()
            ? null
            : new Distillation(config.distillation(), weights.at("projectors"), width, student);
    this.distribution =
        config.distribution().isOff()
            ? null
            : new Distribution(config.distribution(), weights.at("distribution"), student);
  }

  @Override
  public Weights weights() {
    return weights;
  }

  @Override
  public void prepare(
      SemiSupervisedTraining.Data data, long dataSeed, BooleanSupplier stopRequested)
      throws IOException {
    if (distillation != null) {
      distillation.start(embeddings, data, dataSeed, stopRequested);
    }
  }

  @Override
  public Losses of(MixedBatch batch, int step) throws IOException {
    double ramp = config.rampup().at(step);
    double confidence = Confidence.threshold(config.rampup(), step);
    var clean = look(Images.all(batch), true);
    var known = clean.student.logits().slice(0, 0, batch.mask().size(0));
    var losses = Losses.of("supervised", SUPERVISED.of(known, batch.mask())).plus(matched(clean));
    if (ramp == 0) {
      return losses;
    }
    if (distribution != null) {
      losses = losses.plus(distribution.of(clean.student, batch.mask(), ramp, confidence));
    }
    if (!config.needsPerturbed()) {
      return losses;
    }
    var noisy = clean.images.perturbed(config.perturbation(), seed, step % config.draws());
    var twin = look(noisy, config.distillation().response() > 0);
    return losses
        .plus(answered(clean, twin, ramp))
        .plus(averaged(batch, clean, twin, ramp, confidence));
  }

  private Look look(Images images, boolean teacher) throws IOException {
    var student = students.current().observe(images.tensor());
    return new Look(
        images,
        student,
        distillation == null || !teacher
            ? List.of()
            : distillation.compare(student, embeddings.of(images.tensor(), images.views())));
  }

  /** L_feat and L_orth. */
  private Losses matched(Look clean) {
    if (distillation == null) {
      return Losses.none();
    }
    var terms = config.distillation();
    var losses =
        Losses.none().plus("feature", terms.weight(), distillation.feature(clean.compared));
    return terms.orthogonality() == 0
        ? losses
        : losses.plus(
            "orthogonality", terms.weight() * terms.orthogonality(), distillation.orthogonality());
  }

  /** L_resp. */
  private Losses answered(Look clean, Look twin, double ramp) {
    return distillation == null || twin.compared.isEmpty()
        ? Losses.none()
        : Losses.none()
            .plus(
                "response",
                ramp * config.distillation().weight() * config.distillation().response(),
                distillation.response(clean.compared, twin.compared));
  }

  /** L_cons and L_mask: what the student's average teaches on unlabelled images. */
  private Losses averaged(MixedBatch batch, Look clean, Look twin, double ramp, double confidence) {
    if (config.consistency() == 0 && config.masks() == 0) {
      return Losses.none();
    }
    long from = batch.mask().size(0);
    long to = from + batch.unlabelled().size(0);
    var losses = Losses.none();
    var average = average(batch.unlabelled());
    if (config.consistency() > 0) {
      var student = twin.student.logits().slice(0, from, to);
      var term = new MeanTeacher(confidence).of(student, average);
      losses = losses.plus("consistency", ramp * config.consistency(), term);
    }
    if (prompted != null && config.masks() > 0) {
      var averageOfTwin = average(twin.images.tensor().slice(0, from, to));
      var student = clean.student.logits().slice(0, from, to);
      losses =
          losses.plus(
              prompted(
                  prompted,
                  batch.unlabelled(),
                  student,
                  average,
                  averageOfTwin,
                  ramp * config.masks()));
    }
    return losses;
  }

  private Tensor average(Tensor images) {
    return Tape.paused(() -> students.average().forward(images).sigmoid());
  }

  /** The mean over the images for which the student's average gives a steady box. */
  private static Losses prompted(
      PromptedTeacher teacher,
      Tensor images,
      Tensor student,
      Tensor average,
      Tensor averageOfTwin,
      double weight) {
    var random = Tape.current().orElseThrow().random();
    var terms = new ArrayList<Tensor>();
    for (long i = 0; i < images.size(0); i++) {
      var image = images.slice(0, i, i + 1);
      var logits = student.slice(0, i, i + 1);
      MASKS
          .box(average.index(0, i).index(0, 0), averageOfTwin.index(0, i).index(0, 0), random)
          .map(box -> Tape.paused(() -> teacher.probability(image, box)))
          .ifPresent(mask -> terms.add(MASKS.of(logits, mask)));
    }
    return terms.stream()
        .reduce(Tensor::add)
        .map(sum -> Losses.none().plus("masks", weight, sum.mul(1.0 / terms.size())))
        .orElse(Losses.none());
  }

  @Override
  public String toString() {
    return "PerturbationConsistentDistillation[%s, %s, seed=%d]"
        .formatted(config, embeddings, seed);
  }
}
