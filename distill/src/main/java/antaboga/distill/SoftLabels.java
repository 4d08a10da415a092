// SPDX-License-Identifier: Apache-2.0
package antaboga.distill;

import antaboga.Dims;
import antaboga.Tensor;
import antaboga.nn.loss.KullbackLeibler;
import antaboga.nn.loss.Loss;

/**
 * The student learns the teacher's probabilities, softened by a temperature: {@code T^2 KL(q || p)}
 * with {@code q = constant(softmax(t / T))} and {@code p = softmax(s / T)}, the mean over all
 * positions. Logits (B, C, H, W), classes on axis 1; a single channel is the logit of lesion
 * against background. Not negative, and 0 only for equal probabilities.
 *
 * <p>Source: Hinton et al. 2015, arXiv 1503.02531.
 *
 * @param temperature T; higher ones show more of the small probabilities
 */
public record SoftLabels(double temperature) implements Loss {
  /** Checks the temperature. */
  public SoftLabels {
    if (!(temperature > 0)) {
      throw new IllegalArgumentException(
          "SoftLabels: temperature " + temperature + ", expected > 0");
    }
  }

  @Override
  public Tensor of(Tensor student, Tensor teacher) {
    Dims.of("SoftLabels").bind("student", student, "B C H W").bind("teacher", teacher, "B C H W");
    return new KullbackLeibler(temperature).of(classes(student), classes(teacher.stopGradient()));
  }

  // softmax of (0, t) is (sigmoid(-t), sigmoid(t))
  private static Tensor classes(Tensor logits) {
    return logits.size(1) == 1 ? Tensor.concat(1, logits.mul(0), logits) : logits;
  }
}
