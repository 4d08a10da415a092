// SPDX-License-Identifier: Apache-2.0
package antaboga;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class StepCostsTest {
  private static void step(StepCosts costs, long forward, long backward) {
    var x = Tensor.normal(new SplittableRandom(1), 3);
    try (var tape = new Tape(0)) {
      var unused = tape.gradients(tape.watch(x).exp().sum());
      costs.add(tape, forward, backward);
    }
  }

  @Test
  void sumsUpToTheMediansOfTheSecondHalf() {
    var costs = new StepCosts();
    for (long seconds : new long[] {900, 800, 5, 7, 6}) {
      step(costs, seconds * 1_000_000_000, 2 * seconds * 1_000_000_000);
    }
    double forward = costs.rows().stream().mapToDouble(StepCosts.Row::forward).sum();
    double both = costs.rows().stream().mapToDouble(StepCosts.Row::both).sum();
    assertEquals(6_000, forward, 500);
    assertEquals(18_000, both, 500);
  }

  @Test
  void namesOperationsAndWhatLiesBetween() {
    var costs = new StepCosts();
    step(costs, 1_000_000_000, 1);
    costs.add("Adam", 5_000_000);
    var rows = costs.rows();
    assertEquals(StepCosts.BETWEEN, rows.get(0).operation());
    assertTrue(rows.stream().anyMatch(row -> row.operation().equals("Exp")));
    assertTrue(rows.stream().anyMatch(row -> row.operation().equals("Sum")));
    assertTrue(rows.contains(new StepCosts.Row("Adam", 5, 0)));
  }
}
