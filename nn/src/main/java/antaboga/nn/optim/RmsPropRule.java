// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.optim;

import java.util.ArrayList;
import java.util.List;

record RmsPropRule(double alpha, double epsilon, double momentum, boolean centered)
    implements Rule {
  RmsPropRule {
    if (!(alpha >= 0 && alpha <= 1) || !(epsilon >= 0) || !(momentum >= 0)) {
      throw new IllegalArgumentException(
          "alpha %s, epsilon %s, momentum %s, expected [0, 1], 0 or more, 0 or more"
              .formatted(alpha, epsilon, momentum));
    }
  }

  @Override
  public List<String> slots() {
    var slots = new ArrayList<String>();
    slots.add("square_avg");
    if (centered) {
      slots.add("grad_avg");
    }
    if (momentum != 0) {
      slots.add("momentum_buffer");
    }
    return List.copyOf(slots);
  }

  @Override
  public void move(
      double[] p, double[] g, double[][] slots, int n, long step, double rate, double decay) {
    var v = slots[0];
    for (int i = 0; i < n; i++) {
      double d = g[i] + decay * p[i];
      v[i] = alpha * v[i] + (1 - alpha) * d * d;
      double spread = v[i];
      if (centered) {
        double mean = alpha * slots[1][i] + (1 - alpha) * d;
        slots[1][i] = mean;
        spread -= mean * mean;
      }
      g[i] = d / (Math.sqrt(spread) + epsilon);
    }
    if (momentum != 0) {
      var b = slots[slots.length - 1];
      for (int i = 0; i < n; i++) {
        b[i] = momentum * b[i] + g[i];
        g[i] = b[i];
      }
    }
    for (int i = 0; i < n; i++) {
      p[i] -= rate * g[i];
    }
  }
}
