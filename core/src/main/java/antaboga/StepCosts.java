// SPDX-License-Identifier: Apache-2.0
package antaboga;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Where the time of a step goes, by kinds of operations: medians over the second half of many
 * steps, since the first half warms up.
 */
public final class StepCosts {
  /** What no operation of the tape took: sums of gradients and the tape's own work. */
  public static final String BETWEEN = "between them";

  private static final double[] NOTHING = {0, 0};

  private final List<Map<String, double[]>> steps = new ArrayList<>();

  /** Milliseconds of one kind of operation in one step. */
  public record Row(String operation, double forward, double backward) {
    /** There and back. */
    public double both() {
      return forward + backward;
    }
  }

  /**
   * Adds a step.
   *
   * @param tape what it was recorded on, still open or not
   * @param forward nanoseconds of the whole pass
   * @param backward nanoseconds of all gradients
   */
  public void add(Tape tape, long forward, long backward) {
    var step = new HashMap<String, double[]>();
    var rest = new double[] {forward * 1e-6, backward * 1e-6};
    for (var cost : tape.costs()) {
      var ms = new double[] {cost.forward().toNanos() * 1e-6, cost.backward().toNanos() * 1e-6};
      step.put(cost.operation(), ms);
      rest[0] -= ms[0];
      rest[1] -= ms[1];
    }
    step.put(BETWEEN, rest);
    steps.add(step);
  }

  /**
   * Adds to the last step what no tape records, such as an optimiser.
   *
   * @param nanos nanoseconds, counted as forward
   */
  public void add(String operation, long nanos) {
    steps.get(steps.size() - 1).put(operation, new double[] {nanos * 1e-6, 0});
  }

  /** The kinds, the longest first. */
  public List<Row> rows() {
    var names = new TreeSet<String>();
    steps.forEach(step -> names.addAll(step.keySet()));
    return names.stream()
        .map(name -> new Row(name, median(name, 0), median(name, 1)))
        .sorted(Comparator.comparing(Row::both).reversed())
        .toList();
  }

  private double median(String operation, int direction) {
    var half =
        steps.stream()
            .skip(steps.size() / 2)
            .mapToDouble(step -> step.getOrDefault(operation, NOTHING)[direction])
            .sorted()
            .toArray();
    return half[half.length / 2];
  }
}
