// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.loss;

import antaboga.Tensor;

/**
 * Distillation of class probabilities: {@code T^2 KL(softmax(t / T) || softmax(s / T))} of the
 * teacher's logits t and the student's s, classes on axis 1. Both (N, C) or (N, C, ...).
 *
 * <p>Source: Hinton et al. 2015, arXiv 1503.02531; {@code torch.nn.functional.kl_div}.
 *
 * @param temperature T; higher ones show more of the small probabilities
 * @param divisor by what the sum is divided
 */
public record KullbackLeibler(double temperature, Divisor divisor) implements Loss {
  /** By what the sum of a divergence is divided. */
  public enum Divisor {
    /** The number of positions, N times the sizes behind the classes: the mean divergence. */
    POSITIONS,
    /** N alone; {@code batchmean} of PyTorch. */
    BATCH,
    /** All elements, classes included; {@code mean} of PyTorch, which is no mean divergence. */
    ELEMENTS
  }

  /** The mean divergence. */
  public KullbackLeibler(double temperature) {
    this(temperature, Divisor.POSITIONS);
  }

  /** Checks the temperature. */
  public KullbackLeibler {
    if (!(temperature > 0)) {
      throw new IllegalArgumentException(
          "KullbackLeibler: temperature " + temperature + ", expected > 0");
    }
  }

  @Override
  public Tensor of(Tensor student, Tensor teacher) {
    Classes.requireAlike(this, student, teacher);
    Classes.requireClasses(this, student);
    var p = Classes.logSoftmax(student.mul(1 / temperature));
    var q = Classes.logSoftmax(teacher.mul(1 / temperature));
    double count =
        switch (divisor) {
          case POSITIONS -> (double) student.shape().elements() / student.size(1);
          case BATCH -> student.size(0);
          case ELEMENTS -> student.shape().elements();
        };
    return q.exp().mul(q.sub(p)).sum().mul(temperature * temperature / count);
  }
}
