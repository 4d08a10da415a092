// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.optim;

import java.util.List;

record SgdRule(double momentum, double dampening, boolean nesterov) implements Rule {
  SgdRule {
    if (!(momentum >= 0)) {
      throw new IllegalArgumentException("momentum " + momentum + ", expected 0 or more");
    }
    if (nesterov && (momentum == 0 || dampening != 0)) {
      throw new IllegalArgumentException(
          "Nesterov with momentum %s and dampening %s, expected momentum and no dampening"
              .formatted(momentum, dampening));
    }
  }

  @Override
  public List<String> slots() {
    return momentum == 0 ? List.of() : List.of("momentum_buffer");
  }

  @Override
  public void move(
      double[] p, double[] g, double[][] slots, int n, long step, double rate, double decay) {
    for (int i = 0; i < n; i++) {
      g[i] += decay * p[i];
    }
    if (momentum != 0) {
      var b = slots[0];
      double kept = step == 1 ? 0 : momentum;
      double taken = step == 1 ? 1 : 1 - dampening;
      for (int i = 0; i < n; i++) {
        b[i] = kept * b[i] + taken * g[i];
        g[i] = nesterov ? g[i] + momentum * b[i] : b[i];
      }
    }
    for (int i = 0; i < n; i++) {
      p[i] -= rate * g[i];
    }
  }
}
