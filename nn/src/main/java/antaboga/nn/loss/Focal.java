// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.loss;

import antaboga.Tensor;
import java.util.OptionalDouble;

/**
 * The focal loss from logits: binary cross entropy times {@code (1 - q)^gamma}, q being the
 * probability given to the true side, so that easy pixels count less. The target lies in [0, 1].
 *
 * <p>Source: Lin et al. 2017, arXiv 1708.02002; {@code monai.losses.FocalLoss}.
 *
 * @param gamma how much less
 * @param alpha the weight of the foreground, 1 - alpha that of the background; none for equal ones
 * @param reduction mean or sum over all elements, or none
 */
public record Focal(double gamma, OptionalDouble alpha, Reduction reduction) implements Loss {
  /** Gamma alone, the mean over all elements. */
  public Focal(double gamma) {
    this(gamma, OptionalDouble.empty(), Reduction.MEAN);
  }

  @Override
  public Tensor of(Tensor logits, Tensor target) {
    Classes.requireAlike(this, logits, target);
    var entropy = new BinaryCrossEntropy(1, Reduction.NONE).of(logits, target);
    var wrong = logits.mul(target.affine(-2, 1)).logSigmoid(); // ln of the wrong side's probability
    var terms = wrong.mul(gamma).exp().mul(entropy);
    if (alpha.isPresent()) {
      double a = alpha.getAsDouble();
      terms = terms.mul(target.affine(2 * a - 1, 1 - a));
    }
    return reduction.of(terms);
  }
}
