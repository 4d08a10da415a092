// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.demo;

import antaboga.distill.semi.SemiSupervisedTraining.NonFinite;
import antaboga.examples.run.Network;
import antaboga.examples.run.Recipe;
import antaboga.examples.run.StudentRun;
import antaboga.examples.run.TeacherRun;
import antaboga.medsam.model.MedSamConfig;
import antaboga.nn.data.Variation;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * Sizes and lengths of the demonstration: small enough for a few minutes on two cores.
 *
 * @param size side of the input of teacher and students, in pixels, a multiple of 32
 * @param teacherSteps of the teacher
 * @param studentSteps of either student
 * @param batch images in a teacher's step; labelled ones in a student's, and as many unlabelled
 * @param rate the student's highest learning rate
 * @param averaging of the student's weights
 * @param terms the weights of the method's terms
 * @param seed of everything
 */
public record Settings(
    int size,
    int teacherSteps,
    int studentSteps,
    int batch,
    double rate,
    double averaging,
    Recipe.Terms terms,
    long seed) {
  static final double TEACHER_RATE = 3e-4;

  /**
   * Of a run of a few hundred steps. Measured on validation images and on the hidden masks of
   * training images: the teacher helps most at the finest tap alone, with a weight that leaves the
   * lead to the masks, and with projectors that stay where they start; terms by which the student
   * teaches itself need a longer run than this and only harm when they count for much.
   */
  private static final Recipe.Terms TERMS =
      Recipe.Terms.of(0.3, 0.1, 0.02, 0.02, true, List.of("dec3"));

  /** The settings of the README's demonstration. */
  public static Settings standard() {
    return new Settings(64, 500, 250, 4, 2e-3, 0.97, TERMS, 1337);
  }

  /** The same, with all lengths scaled. */
  public Settings scaled(double factor) {
    return new Settings(
        size,
        (int) Math.max(2, Math.round(teacherSteps * factor)),
        (int) Math.max(2, Math.round(studentSteps * factor)),
        batch,
        rate,
        averaging,
        terms,
        seed);
  }

  /** The same with another seed. */
  public Settings withSeed(long other) {
    return new Settings(size, teacherSteps, studentSteps, batch, rate, averaging, terms, other);
  }

  /** How long it takes on two cores, about. */
  Duration estimate() {
    return Duration.ofMillis(150L * teacherSteps + 640L * studentSteps + 10_000);
  }

  TeacherRun.Config teacher() {
    return new TeacherRun.Config(
        teacherModel(), teacherSteps, batch, TEACHER_RATE, seed, Math.max(1, teacherSteps / 4));
  }

  /** A teacher of about two million parameters; as wide as the student's widest tap, or wider. */
  MedSamConfig teacherModel() {
    return new MedSamConfig(
        size, size, 8, 128, 4, 2, 4, 0, Set.of(0, 1, 2, 3), true, 192, 8, 512, 16, 192, 3);
  }

  StudentRun.Config student() {
    int tenth = Math.max(1, studentSteps / 10);
    return new StudentRun.Config(
        Network.VSS_UNET_TINY,
        false,
        Variation.none(),
        size,
        studentSteps,
        batch,
        batch,
        rate,
        averaging,
        seed,
        tenth,
        tenth,
        NonFinite.STOP);
  }
}
