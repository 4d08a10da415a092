// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import static antaboga.kernel.Pointwise.map;

import antaboga.Tensor;

/** Which probabilities are far enough from one half to teach by. */
final class Confidence {
  private static final double FIRST = 0.6;
  private static final double LAST = 0.9;

  private Confidence() {}

  /** The threshold of a step, {@code 0.6 + 0.3 min(t / length, 1)}. */
  static double threshold(Rampup rampup, long step) {
    return FIRST + (LAST - FIRST) * rampup.progress(step);
  }

  /** 1 where {@code max(q, 1 - q) >= threshold}, else 0; a constant. */
  static Tensor mask(Tensor probability, double threshold) {
    return Tensor.of(map(probability.array(), q -> Math.max(q, 1 - q) >= threshold ? 1.0 : 0.0));
  }
}
