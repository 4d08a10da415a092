// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.loss;

import antaboga.ShapeException;
import antaboga.Tensor;

/**
 * How undecided probabilities are: {@code -sum_c p ln(p + epsilon) / ln C}, the mean over all
 * positions; about 0 where one class has everything, 1 where all are alike. Probabilities (N, C) or
 * (N, C, ...).
 *
 * @param epsilon keeps the logarithm finite
 */
public record Entropy(double epsilon) {
  /** Epsilon 1e-6. */
  public Entropy() {
    this(1e-6);
  }

  /**
   * The mean normalised entropy, a scalar.
   *
   * @throws ShapeException if there are fewer than two classes
   */
  public Tensor of(Tensor probabilities) {
    Classes.requireClasses("Entropy", probabilities);
    if (probabilities.size(1) < 2) {
      throw new ShapeException(
          "Entropy: shape " + probabilities.shape() + ", expected two classes or more on axis 1");
    }
    var terms = probabilities.mul(probabilities.add(epsilon).log()).sum(1);
    return terms.mean().mul(-1 / Math.log((double) probabilities.size(1)));
  }
}
