// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.nn.Init;

/** First values of a scan's parameters; source: Gu and Dao 2023 and mamba_ssm. */
public final class MambaInit {
  private static final double SMALLEST_STEP = 1e-4;

  private MambaInit() {}

  /** ln 1, ln 2, … ln N in every row: A_log (..., N). */
  public static Init stateDecay() {
    return (random, shape) -> {
      int states = Math.toIntExact(shape.size(-1));
      var values = new double[Math.toIntExact(shape.elements())];
      for (int i = 0; i < values.length; i++) {
        values[i] = Math.log(i % states + 1);
      }
      return values;
    };
  }

  /** Uniform on ±1/sqrt(rank): the weight that turns factors into delta. */
  public static Init deltaWeight(int rank) {
    return Init.fanIn(rank);
  }

  /**
   * The inverse of softplus at steps whose logarithm is uniform between 0.001 and 0.1: the bias of
   * delta.
   */
  public static Init deltaBias() {
    return (random, shape) -> {
      var values = new double[Math.toIntExact(shape.elements())];
      for (int i = 0; i < values.length; i++) {
        double logarithm =
            Math.log(0.001) + random.nextDouble() * (Math.log(0.1) - Math.log(0.001));
        double step = Math.max(Math.exp(logarithm), SMALLEST_STEP);
        values[i] = step + Math.log(-Math.expm1(-step));
      }
      return values;
    };
  }
}
