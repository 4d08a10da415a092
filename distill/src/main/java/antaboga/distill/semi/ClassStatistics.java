// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Dims;
import antaboga.Tensor;

/**
 * What the features of lesion and background look like: one Gaussian for each class, from features
 * that belong to the lesion with weight p and to the background with weight 1 - p,
 *
 * <pre>{@code
 * n = sum w,   mean = sum w f / n,   variance = sum w (f - mean)^2 / n + eps.
 * }</pre>
 *
 * <p>Source: method.md, section 7.3.
 */
public record ClassStatistics(Gaussian background, Gaussian lesion) {
  /** Below so much weight a class says nothing about its features. */
  static final double FEWEST = 16;

  private static final double NO_WEIGHT = 1e-12; // a class without any keeps finite statistics

  /**
   * A class.
   *
   * @param count n, a scalar
   * @param mean of every dimension, (D)
   * @param variance of every dimension, eps included, (D)
   */
  public record Gaussian(Tensor count, Tensor mean, Tensor variance) {
    static Gaussian of(Tensor features, Tensor weight, double eps) {
      var count = weight.sum();
      var share = weight.div(count.clamp(NO_WEIGHT, Double.MAX_VALUE)).reshape(-1, 1);
      var mean = share.mul(features).sum(0);
      var centred = features.sub(mean);
      return new Gaussian(count, mean, share.mul(centred.mul(centred)).sum(0).add(eps));
    }

    /** Whether enough weight stands behind it. */
    public boolean isSupported() {
      return count.item() >= FEWEST;
    }

    /** {@code -1/2 sum((f - mean)^2 / variance + ln variance)} of every feature: (M). */
    Tensor logDensity(Tensor features) {
      var centred = features.sub(mean);
      return centred.mul(centred).div(variance).add(variance.log()).sum(1).mul(-0.5);
    }
  }

  /**
   * The statistics of features (M, D) under lesion probabilities (M); gradients flow to both.
   *
   * @param eps added to every variance
   * @throws antaboga.ShapeException if the shapes do not fit
   */
  public static ClassStatistics of(Tensor features, Tensor probability, double eps) {
    Dims.of("ClassStatistics")
        .bind("features", features, "M D")
        .bind("probability", probability, "M");
    return new ClassStatistics(
        Gaussian.of(features, probability.affine(-1, 1), eps),
        Gaussian.of(features, probability, eps));
  }

  /** Whether enough weight stands behind both classes. */
  public boolean isSupported() {
    return background.isSupported() && lesion.isSupported();
  }
}
