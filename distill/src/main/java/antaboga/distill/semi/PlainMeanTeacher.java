// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.nn.data.MixedBatch;
import antaboga.nn.data.Perturbation;

/**
 * Mean teacher, a competitor: the student on unlabelled images shall agree with its own average on
 * the same images with noise,
 *
 * <pre>{@code
 * L = L_sup + l w(t) mean((sigmoid(s(x)) - sigmoid(s'(x + d)))^2)
 * }</pre>
 *
 * <p>l = 0.1; w rises through the whole run and is 0 in its first thirtieth (1,000 of 30,000
 * steps); d is normal of deviation 0.1, limited to 0.2. Sources: Tarvainen and Valpola 2017, arXiv
 * 1703.01780; settings, and the side that the noise is on, as in SSL4MIS's {@code
 * train_mean_teacher_2D.py}. Deviations: L_sup is {@link Supervised}'s for every method; the
 * average infers, with copies of the student's batch statistics.
 *
 * @param students the student and its average
 * @param weight l
 * @param rampup w
 * @param seed of the noise
 */
public record PlainMeanTeacher(Students students, double weight, Rampup rampup, long seed)
    implements SemiSupervisedTraining.Objective {
  private static final MeanTeacher EVERYWHERE = new MeanTeacher(0.5);
  private static final Perturbation NOISE = new Perturbation();

  /** The settings above for a run of so many steps. */
  public static PlainMeanTeacher of(Students students, long steps, long seed) {
    return new PlainMeanTeacher(students, 0.1, Rampup.through(steps).from(steps / 30), seed);
  }

  @Override
  public Losses of(MixedBatch batch, int step) {
    var logits = Halves.of(students.current().forward(Images.all(batch).tensor()), batch);
    var losses = Losses.of("supervised", logits.supervised(batch));
    double ramp = rampup.at(step);
    if (ramp == 0) {
      return losses;
    }
    var noisy = Images.unlabelled(batch).perturbed(NOISE, seed, step);
    var average = students.averageOf(noisy.tensor());
    var consistency = EVERYWHERE.of(logits.unlabelled(), average);
    return losses.plus("consistency", ramp * weight, consistency);
  }

  @Override
  public String toString() {
    return "PlainMeanTeacher[weight=%s, %s, seed=%d]".formatted(weight, rampup, seed);
  }
}
