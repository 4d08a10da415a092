// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

/**
 * How much a term on unlabelled images counts at a step: {@code w(t) = exp(-5 (1 - min(t / length,
 * 1))^2)}, and 0 before the start. A student that knows nothing yet must not teach itself.
 *
 * <p>Source: Laine and Aila 2017, arXiv 1610.02242; method.md, section 8.
 *
 * @param start the first step that counts
 * @param length the steps, from 0, after which the weight is 1
 */
public record Rampup(long start, long length) {
  /** Checks the steps. */
  public Rampup {
    if (start < 0 || length < 1) {
      throw new IllegalArgumentException(
          "Rampup: start %d and length %d, expected at least 0 and 1".formatted(start, length));
    }
  }

  /** The proportions of method.md: from a fifteenth of all steps on, full after four tenths. */
  public static Rampup over(long steps) {
    return new Rampup(steps / 15, Math.max(1, steps * 2 / 5));
  }

  /** That of SSL4MIS, whose length is the whole run: 30,000 steps there. */
  public static Rampup through(long steps) {
    return new Rampup(0, steps);
  }

  /** The same, 0 before another start. */
  public Rampup from(long first) {
    return new Rampup(first, length);
  }

  /** The weight, in [0, 1]. */
  public double at(long step) {
    double missing = 1 - progress(step);
    return step < start ? 0 : Math.exp(-5 * missing * missing);
  }

  /** {@code min(t / length, 1)}. */
  double progress(long step) {
    return Math.min((double) step / length, 1);
  }
}
