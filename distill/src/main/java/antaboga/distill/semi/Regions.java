// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import static antaboga.kernel.Pointwise.map;

import antaboga.Tensor;
import antaboga.nn.loss.BinaryCrossEntropy;
import antaboga.nn.loss.Loss;
import antaboga.nn.loss.Reduction;

/**
 * Losses over a part of the pixels: everything (B, 1, H, W), the region m a constant of 0 and 1.
 */
final class Regions {
  private static final double EPS = 1e-5;
  private static final Loss CROSS_ENTROPY = new BinaryCrossEntropy(1, Reduction.NONE);

  private Regions() {}

  /** 1 where a logit is positive, else 0; a constant. */
  static Tensor hard(Tensor logits) {
    return Tensor.of(map(logits.array(), x -> x > 0 ? 1.0 : 0.0));
  }

  /** Whether a value lies above the threshold. */
  static boolean any(Tensor values, double threshold) {
    for (float value : values.toFloats()) {
      if (value > threshold) {
        return true;
      }
    }
    return false;
  }

  /** {@code 1 - (2 sum(m p y) + a) / (sum(m p^2) + sum(m y^2) + a)}, a = 1e-5, over the batch. */
  static Tensor dice(Tensor logits, Tensor target, Tensor region) {
    var p = logits.sigmoid();
    var both = p.mul(target).mul(region).sum();
    var all = p.mul(p).add(target.mul(target)).mul(region).sum();
    return both.affine(2, EPS).div(all.add(EPS)).affine(-1, 1);
  }

  /** The cross entropy's mean over the region; 0 where it is empty. */
  static Tensor crossEntropy(Tensor logits, Tensor target, Tensor region) {
    var sum = CROSS_ENTROPY.of(logits, target).mul(region).sum();
    return sum.mul(1 / Math.max(1, region.sum().item()));
  }

  /** Half of both, as {@link Supervised}. */
  static Tensor supervised(Tensor logits, Tensor target, Tensor region) {
    return dice(logits, target, region).add(crossEntropy(logits, target, region)).mul(0.5);
  }
}
