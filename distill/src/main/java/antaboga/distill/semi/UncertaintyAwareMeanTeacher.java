// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import static antaboga.kernel.Pointwise.map;

import antaboga.Dims;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.nn.data.MixedBatch;
import antaboga.nn.data.Perturbation;

/**
 * UA-MT, a competitor: a mean teacher that is heard only where it is certain. Of several noisy
 * passes of the average, with dropout, p is the mean probability and u its entropy; q is one more
 * noisy pass, s the student on the clean image, c its two classes:
 *
 * <pre>{@code
 * u = -(p ln(p + 1e-6) + (1 - p) ln(1 - p + 1e-6))
 * m = 1[u < (0.75 + 0.25 w(t)) ln 2]
 * L = L_sup + l w(t) sum_c(m (s_c - q_c)^2) / (2 sum(m) + 1e-16)
 * }</pre>
 *
 * <p>8 passes, l = 0.1; w rises through the whole run; noise as for {@link PlainMeanTeacher}.
 * Sources: Yu et al. 2019, arXiv 1907.07034; {@code train_uncertainty_aware_mean_teacher_2D.py} of
 * SSL4MIS. Deviations: L_sup is {@link Supervised}'s; the pass that gives q infers.
 *
 * @param students the student and its average
 * @param weight l
 * @param rampup w
 * @param passes whose mean tells how certain the average is
 * @param seed of the noise
 */
public record UncertaintyAwareMeanTeacher(
    Students students, double weight, Rampup rampup, int passes, long seed)
    implements SemiSupervisedTraining.Objective {
  private static final Perturbation NOISE = new Perturbation();

  /** Checks the number of passes. */
  public UncertaintyAwareMeanTeacher {
    if (passes < 1) {
      throw new IllegalArgumentException("UA-MT: " + passes + " passes, expected 1 or more");
    }
  }

  /** The settings above for a run of so many steps. */
  public static UncertaintyAwareMeanTeacher of(Students students, long steps, long seed) {
    return new UncertaintyAwareMeanTeacher(students, 0.1, Rampup.through(steps), 8, seed);
  }

  @Override
  public Losses of(MixedBatch batch, int step) {
    var logits = Halves.of(students.current().forward(Images.all(batch).tensor()), batch);
    var losses = Losses.of("supervised", logits.supervised(batch));
    double ramp = rampup.at(step);
    if (ramp == 0) {
      return losses;
    }
    var target = students.averageOf(noisy(batch, step, passes));
    double threshold = (0.75 + 0.25 * ramp) * Math.log(2);
    var consistency = consistency(logits.unlabelled(), target, mean(batch, step), threshold);
    return losses.plus("consistency", ramp * weight, consistency);
  }

  private Tensor noisy(MixedBatch batch, int step, int pass) {
    int draw = step * (passes + 1) + pass;
    return Images.unlabelled(batch).perturbed(NOISE, seed, draw).tensor();
  }

  private Tensor mean(MixedBatch batch, int step) {
    return Tape.paused(
        () -> {
          var sum = students.averageOf(Tape.Mode.TRAIN, noisy(batch, step, 0));
          for (int pass = 1; pass < passes; pass++) {
            sum = sum.add(students.averageOf(Tape.Mode.TRAIN, noisy(batch, step, pass)));
          }
          return sum.mul(1.0 / passes);
        });
  }

  /** The last line above: logits of the student, probabilities q and p, all (U, 1, H, W). */
  static Tensor consistency(Tensor logits, Tensor target, Tensor mean, double threshold) {
    Dims.of("UA-MT").bind("logits", logits, "B C H W").bind("target", target, "B C H W");
    var certain = Tensor.of(map(mean.array(), p -> entropy(p) < threshold ? 1.0 : 0.0));
    var difference = logits.sigmoid().sub(target.stopGradient());
    var both = difference.mul(difference).mul(certain).sum().mul(2); // alike in both classes
    return both.mul(1 / (2 * certain.sum().item() + 1e-16));
  }

  private static double entropy(double p) {
    return -(p * Math.log(p + 1e-6) + (1 - p) * Math.log(1 - p + 1e-6));
  }

  @Override
  public String toString() {
    return "UncertaintyAwareMeanTeacher[weight=%s, %s, passes=%d, seed=%d]"
        .formatted(weight, rampup, passes, seed);
  }
}
