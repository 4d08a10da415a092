// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Tensor;
import antaboga.nn.Segmenter;
import antaboga.nn.Weights;
import antaboga.nn.data.MixedBatch;
import antaboga.nn.loss.BinaryCrossEntropy;
import antaboga.nn.loss.Loss;
import java.util.function.Function;

/**
 * CPS, a competitor: two students of one architecture and different first weights, each taught by
 * what the other marks on unlabelled images,
 *
 * <pre>{@code
 * L = L_sup(f1) + L_sup(f2) + l w(t) (BCE(f1; 1[f2 > 0]) + BCE(f2; 1[f1 > 0]))
 * }</pre>
 *
 * <p>l = 0.1; w rises through the whole run. The first student is the one to keep. Sources: Chen et
 * al. 2021, arXiv 2106.01226; settings as in SSL4MIS's {@code
 * train_cross_pseudo_supervision_2D.py}. Deviations: L_sup is {@link Supervised}'s; both students
 * start by the same rule, where SSL4MIS starts one by Kaiming's and one by Xavier's.
 */
public final class CrossPseudoSupervision implements SemiSupervisedTraining.Objective {
  private static final Loss CROSS_ENTROPY = new BinaryCrossEntropy();

  private final Students students;
  private final double weight;
  private final Rampup rampup;
  private final long seed;
  private final Weights weights;
  private final Segmenter second;

  /**
   * Two students.
   *
   * @param students the first, and its average
   * @param build builds the second, which is trained and saved with this objective
   * @param weight l
   * @param rampup w
   * @param seed of the second's first weights
   */
  public CrossPseudoSupervision(
      Students students,
      Function<Weights, ? extends Segmenter> build,
      double weight,
      Rampup rampup,
      long seed) {
    this.students = students;
    this.weight = weight;
    this.rampup = rampup;
    this.seed = seed;
    this.weights = Weights.init(seed);
    this.second = build.apply(weights.at("second")); // another place: other values of one seed
  }

  /** The settings above for a run of so many steps. */
  public static CrossPseudoSupervision of(
      Students students, Function<Weights, ? extends Segmenter> build, long steps, long seed) {
    return new CrossPseudoSupervision(students, build, 0.1, Rampup.through(steps), seed);
  }

  @Override
  public Weights weights() {
    return weights;
  }

  @Override
  public Losses of(MixedBatch batch, int step) {
    var images = Images.all(batch).tensor();
    var one = Halves.of(students.current().forward(images), batch);
    var two = Halves.of(second.forward(images), batch);
    double crossing = weight * rampup.at(step);
    return Losses.of("supervised", one.supervised(batch))
        .plus("supervised second", 1, two.supervised(batch))
        .plus("cross", crossing, cross(one.unlabelled(), two.unlabelled()))
        .plus("cross second", crossing, cross(two.unlabelled(), one.unlabelled()));
  }

  /** {@code BCE(f; 1[g > 0])}: no gradient to g. */
  static Tensor cross(Tensor f, Tensor g) {
    return CROSS_ENTROPY.of(f, Regions.hard(g));
  }

  @Override
  public String toString() {
    return "CrossPseudoSupervision[weight=%s, %s, seed=%d]".formatted(weight, rampup, seed);
  }
}
