// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Dims;
import antaboga.Tensor;

/**
 * Prediction and features of one image shall tell the same story. Its own soft classes give two
 * Gaussians; by Bayes' rule with equal priors they give every position a posterior r, and r and the
 * predicted p teach one another:
 *
 * <pre>{@code
 * z_k = log density of class k,   r = sigmoid((z_1 - z_0) / temperature),
 * L = mean(m_r BCE(p; constant r) + eta m_p BCE(r; constant p)).
 * }</pre>
 *
 * <p>The statistics take p as a constant, and {@code m_q = 1[max(q, 1 - q) >= confidence]}. There
 * is no prior on shape or size: the classes come from the image itself. Source: method.md, section
 * 7.3.
 *
 * @param eta how much the prediction teaches the features
 * @param temperature of the posterior; a quarter of the features' width
 * @param eps added to every variance
 */
public record PosteriorConsistency(double eta, double temperature, double eps) {
  /** Checks the temperature. */
  public PosteriorConsistency {
    if (!(temperature > 0)) {
      throw new IllegalArgumentException(
          "PosteriorConsistency: temperature " + temperature + ", expected > 0");
    }
  }

  /** The values of method.md for features of this width: eta 1, temperature D / 4, eps 1e-4. */
  public static PosteriorConsistency ofWidth(long width) {
    return new PosteriorConsistency(1, width / 4.0, 1e-4);
  }

  /** The loss with every position counted. Features (M, D), logits of p (M). */
  public Tensor of(Tensor features, Tensor logits) {
    return of(features, logits, 0.5);
  }

  /**
   * The loss of confident positions.
   *
   * @param confidence below which a probability does not teach, in [0.5, 1]
   * @throws antaboga.ShapeException if the shapes do not fit
   */
  public Tensor of(Tensor features, Tensor logits, double confidence) {
    Dims.of("PosteriorConsistency").bind("features", features, "M D").bind("logits", logits, "M");
    var p = logits.stopGradient().sigmoid();
    var posterior = logit(features, p);
    var r = posterior.stopGradient().sigmoid();
    var toPrediction = crossEntropy(logits, r).mul(Confidence.mask(r, confidence));
    var toFeatures = crossEntropy(posterior, p).mul(Confidence.mask(p, confidence));
    return toPrediction.add(toFeatures.mul(eta)).mean();
  }

  /** The posterior r of every position, in (0, 1). Features (M, D), p and the result (M). */
  public Tensor posterior(Tensor features, Tensor probability) {
    return logit(features, probability.stopGradient()).sigmoid();
  }

  private Tensor logit(Tensor features, Tensor probability) {
    var classes = ClassStatistics.of(features, probability, eps);
    var ratio =
        classes.lesion().logDensity(features).sub(classes.background().logDensity(features));
    return ratio.mul(1 / temperature);
  }

  private static Tensor crossEntropy(Tensor logit, Tensor target) {
    return logit.softplus().sub(logit.mul(target));
  }
}
