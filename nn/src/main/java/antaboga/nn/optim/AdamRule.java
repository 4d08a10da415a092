// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.optim;

import java.util.List;

/** The step that Adam and AdamW share; they differ in where the decay enters. */
record AdamRule(double beta1, double beta2, double epsilon, boolean amsgrad, boolean decoupled)
    implements Rule {
  AdamRule {
    if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1)) {
      throw new IllegalArgumentException(
          "betas %s and %s, expected [0, 1)".formatted(beta1, beta2));
    }
    if (!(epsilon >= 0)) {
      throw new IllegalArgumentException("epsilon " + epsilon + ", expected 0 or more");
    }
  }

  @Override
  public List<String> slots() {
    return amsgrad
        ? List.of("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
        : List.of("exp_avg", "exp_avg_sq");
  }

  @Override
  public void move(
      double[] p, double[] g, double[][] slots, int n, long step, double rate, double decay) {
    var m = slots[0];
    var v = slots[1];
    double kept = decoupled ? 1 - rate * decay : 1;
    double pull = decoupled ? 0 : decay;
    double size = rate / (1 - Math.pow(beta1, (double) step));
    double unbias = 1 / Math.sqrt(1 - Math.pow(beta2, (double) step));
    for (int i = 0; i < n; i++) {
      double d = g[i] + pull * p[i];
      m[i] = beta1 * m[i] + (1 - beta1) * d;
      v[i] = beta2 * v[i] + (1 - beta2) * d * d;
    }
    var second = v;
    if (amsgrad) {
      second = slots[2];
      for (int i = 0; i < n; i++) {
        second[i] = Math.max(second[i], v[i]);
      }
    }
    for (int i = 0; i < n; i++) {
      p[i] = kept * p[i] - size * m[i] / (Math.sqrt(second[i]) * unbias + epsilon);
    }
  }
}
