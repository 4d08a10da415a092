// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.distill.semi.BidirectionalCopyPaste;
import antaboga.distill.semi.Committee;
import antaboga.distill.semi.CrossPseudoSupervision;
import antaboga.distill.semi.Distillation;
import antaboga.distill.semi.Distribution;
import antaboga.distill.semi.PerturbationConsistentDistillation;
import antaboga.distill.semi.PlainDistillation;
import antaboga.distill.semi.PlainMeanTeacher;
import antaboga.distill.semi.Rampup;
import antaboga.distill.semi.SemiSupervisedTraining.Objective;
import antaboga.distill.semi.Students;
import antaboga.distill.semi.Supervised;
import antaboga.distill.semi.UncertaintyAwareMeanTeacher;
import antaboga.distill.semi.UniMatch;
import antaboga.distill.semi.WarmStart;
import antaboga.nn.Segmenter;
import antaboga.nn.Weights;
import antaboga.nn.data.Perturbation;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** By what loss a student is trained; prints all settings that its result depends on. */
public sealed interface Recipe {
  /** The noise of the whole method, and how many draws of it each image has. */
  Perturbation PERTURBATION = new Perturbation();

  /**
   * The loss for these students.
   *
   * @param build makes one more student of their kind
   * @param unlabelled how many images have no mask
   */
  Objective objective(
      StudentRun.Config config,
      Function<Weights, Segmenter> build,
      Students students,
      int unlabelled);

  /** Whether images without masks count. */
  default boolean usesUnlabelled() {
    return true;
  }

  /** The teacher, if there is one. */
  default Optional<Guide> guide() {
    return Optional.empty();
  }

  /** Where the student is compared with the teacher. */
  default List<String> taps() {
    return List.of();
  }

  /** How many perturbed twins of each image the teacher is asked about. */
  default int draws() {
    return 0;
  }

  /**
   * Labelled images alone.
   *
   * @param strong the weight of strong views of them
   */
  record Labels(double strong) implements Recipe {
    /** Without strong views. */
    public Labels() {
      this(0);
    }

    @Override
    public Objective objective(
        StudentRun.Config config,
        Function<Weights, Segmenter> build,
        Students students,
        int unlabelled) {
      return new Supervised(students.current(), strong);
    }

    @Override
    public boolean usesUnlabelled() {
      return false;
    }

    @Override
    public String toString() {
      return strong == 0 ? "labels only" : "labels only, strong " + strong;
    }
  }

  /**
   * Images of other sets, {@link antaboga.distill.semi.WarmStart}.
   *
   * @param bright the share of lesions to be found later that are brighter than the rest
   */
  record Elsewhere(double bright) implements Recipe {
    @Override
    public Objective objective(
        StudentRun.Config config,
        Function<Weights, Segmenter> build,
        Students students,
        int unlabelled) {
      return new WarmStart(students.current(), bright);
    }

    @Override
    public boolean usesUnlabelled() {
      return false;
    }

    @Override
    public String toString() {
      return "other sets, bright " + bright;
    }
  }

  /** Methods that need no teacher beside the student itself, with their published settings. */
  enum Published implements Recipe {
    /** {@link PlainMeanTeacher}. */
    MEAN_TEACHER,
    /** {@link UncertaintyAwareMeanTeacher}. */
    UA_MT,
    /** {@link CrossPseudoSupervision}. */
    CPS,
    /** {@link UniMatch}. */
    UNIMATCH,
    /** {@link BidirectionalCopyPaste}. */
    BCP;

    @Override
    public Objective objective(
        StudentRun.Config config,
        Function<Weights, Segmenter> build,
        Students students,
        int unlabelled) {
      int steps = config.steps();
      long seed = config.seed();
      return switch (this) {
        case MEAN_TEACHER -> PlainMeanTeacher.of(students, steps, seed);
        case UA_MT -> UncertaintyAwareMeanTeacher.of(students, steps, seed);
        case CPS -> CrossPseudoSupervision.of(students, build, steps, seed);
        case UNIMATCH -> UniMatch.of(students);
        case BCP -> BidirectionalCopyPaste.of(students, steps);
      };
    }

    @Override
    public String toString() {
      return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }
  }

  /**
   * Plain feature distillation, {@link PlainDistillation}.
   *
   * @param teacher the teacher
   * @param taps where the student is led to it
   * @param weight of its term
   */
  record Features(Guide teacher, List<String> taps, double weight) implements Recipe {
    /** Keeps a copy of the list. */
    public Features {
      taps = List.copyOf(taps);
    }

    @Override
    public Objective objective(
        StudentRun.Config config,
        Function<Weights, Segmenter> build,
        Students students,
        int unlabelled) {
      var embeddings = teacher.embeddings(students, config.size(), taps);
      return new PlainDistillation(students, embeddings, taps, weight, config.seed());
    }

    @Override
    public Optional<Guide> guide() {
      return Optional.of(teacher);
    }

    @Override
    public String toString() {
      return "features at %s, weight %s, teacher %s".formatted(taps, weight, teacher.fingerprint());
    }
  }

  /**
   * The whole method.
   *
   * @param teacher guides the student
   * @param terms the weights
   * @param committee finished students that say what strong views teach; empty for the student's
   *     own average
   */
  record Whole(Guide teacher, Terms terms, List<ModelFile> committee) implements Recipe {
    private static final int DRAWS = 2;

    /** Keeps a copy of the list. */
    public Whole {
      committee = List.copyOf(committee);
    }

    /** Without a committee. */
    public Whole(Guide teacher, Terms terms) {
      this(teacher, terms, List.of());
    }

    @Override
    public Objective objective(
        StudentRun.Config config,
        Function<Weights, Segmenter> build,
        Students students,
        int unlabelled) {
      var settings =
          new PerturbationConsistentDistillation.Config(
              terms.rampup(config.steps()),
              distillation(config, unlabelled),
              distribution(config),
              terms.consistency(),
              terms.masks(),
              terms.strong(),
              PERTURBATION,
              DRAWS);
      var embeddings = teacher.embeddings(students, config.size(), terms.taps());
      var method =
          terms.masks() > 0
              ? new PerturbationConsistentDistillation(
                  settings, students, embeddings, config.seed(), teacher::probability)
              : new PerturbationConsistentDistillation(
                  settings, students, embeddings, config.seed());
      if (committee.isEmpty()) {
        return method;
      }
      return method.with(
          new Committee(committee.stream().map(file -> file.student().segmenter()).toList()));
    }

    private Distillation.Config distillation(StudentRun.Config config, int unlabelled) {
      return terms.distillation() == 0
          ? Distillation.Config.off()
          : new Distillation.Config(
              terms.distillation(),
              terms.response(),
              terms.fixed() ? 0 : terms.orthogonality(),
              terms.fixed(),
              Math.max(1, 2 * unlabelled / config.unlabelledBatch()),
              terms.taps());
    }

    private Distribution.Config distribution(StudentRun.Config config) {
      var tap = config.network().distribution();
      return terms.distribution() == 0
          ? Distribution.Config.off()
          : new Distribution.Config(
              terms.distribution(), terms.align(), terms.separate(), terms.posterior(), 16, tap);
    }

    @Override
    public Optional<Guide> guide() {
      return Optional.of(teacher);
    }

    @Override
    public List<String> taps() {
      return terms.taps();
    }

    @Override
    public int draws() {
      return terms.distillation() > 0 && terms.response() > 0 ? DRAWS : 0;
    }

    @Override
    public String toString() {
      var members = committee.stream().map(ModelFile::fingerprint).toList();
      return "%s, teacher %s%s"
          .formatted(
              terms, teacher.fingerprint(), members.isEmpty() ? "" : ", committee " + members);
    }
  }

  /**
   * The weights of the method's terms; see {@code method.md}, section 8. What a weight of 0
   * multiplies is not computed.
   *
   * @param distillation of the teacher's terms together
   * @param response of the response term, within them
   * @param orthogonality of the projectors' own term, within them
   * @param distribution of the distribution terms together
   * @param align of the alignment to labelled statistics, within them
   * @param separate of the separation of the classes, within them
   * @param posterior of the posterior consistency, within them
   * @param consistency with the moving average
   * @param masks of the teacher's answers to boxes that come from the student
   * @param strong of strong views of all images
   * @param fixed whether projectors stay at the teacher's principal components; trained ones can
   *     collapse together with the student's features where a run is short
   * @param taps where the student is compared with the teacher
   * @param rampStart before this share of the steps, only labels and features count
   * @param rampLength from this share on, everything counts in full
   */
  record Terms(
      double distillation,
      double response,
      double orthogonality,
      double distribution,
      double align,
      double separate,
      double posterior,
      double consistency,
      double masks,
      double strong,
      boolean fixed,
      List<String> taps,
      double rampStart,
      double rampLength) {
    /** Keeps a copy of the list. */
    public Terms {
      taps = List.copyOf(taps);
    }

    /** Those that {@code train} asks for; the others as in method.md, without masks. */
    public static Terms of(
        double distillation,
        double response,
        double distribution,
        double consistency,
        boolean fixed,
        List<String> taps) {
      return new Terms(
          distillation,
          response,
          1e-2,
          distribution,
          1,
          0.1,
          0.5,
          consistency,
          0,
          0,
          fixed,
          taps,
          1 / 15.0,
          0.4);
    }

    /** The same with strong views. */
    public Terms withStrong(double weight) {
      return new Terms(
          distillation,
          response,
          orthogonality,
          distribution,
          align,
          separate,
          posterior,
          consistency,
          masks,
          weight,
          fixed,
          taps,
          rampStart,
          rampLength);
    }

    Rampup rampup(int steps) {
      return new Rampup((long) (steps * rampStart), Math.max(1, (long) (steps * rampLength)));
    }
  }
}
