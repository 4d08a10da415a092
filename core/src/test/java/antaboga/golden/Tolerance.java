// SPDX-License-Identifier: Apache-2.0
package antaboga.golden;

/** How far a result may be from what was expected: {@code |a - b| <= atol + rtol |b|}. */
public record Tolerance(double atol, double rtol) {
  /** Whether the two agree; NaN agrees with NaN, and an infinity with itself. */
  public boolean holds(double actual, double expected) {
    return actual == expected
        || (Double.isNaN(actual) && Double.isNaN(expected))
        || Math.abs(actual - expected) <= atol + rtol * Math.abs(expected);
  }
}
