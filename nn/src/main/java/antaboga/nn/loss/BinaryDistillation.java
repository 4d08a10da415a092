// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.loss;

import antaboga.Tensor;

/**
 * Distillation of a binary map: {@code T^2} times the binary cross entropy of the student's logits
 * s / T against the teacher's probabilities {@code sigmoid(t / T)}; the mean over all elements.
 *
 * @param temperature T
 */
public record BinaryDistillation(double temperature) implements Loss {
  /** Checks the temperature. */
  public BinaryDistillation {
    if (!(temperature > 0)) {
      throw new IllegalArgumentException(
          "BinaryDistillation: temperature " + temperature + ", expected > 0");
    }
  }

  @Override
  public Tensor of(Tensor student, Tensor teacher) {
    Classes.requireAlike(this, student, teacher);
    var soft = teacher.mul(1 / temperature).sigmoid();
    var loss = new BinaryCrossEntropy().of(student.mul(1 / temperature), soft);
    return loss.mul(temperature * temperature);
  }
}
