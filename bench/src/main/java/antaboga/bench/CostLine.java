// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How the time of an update depends on one size while the other two stay.
 *
 * @param pass forward or backward
 * @param axis D, L or N
 * @param others the sizes that stay
 * @param ns nanoseconds of an update by size
 */
record CostLine(String pass, String axis, String others, Map<Integer, Double> ns) {
  private static final List<String> AXES = List.of("D", "L", "N");
  private static final int FEWEST = 3;

  CostLine {
    ns = java.util.Collections.unmodifiableMap(new TreeMap<>(ns));
  }

  String name() {
    return "%s, %s (%s)".formatted(pass, axis, others);
  }

  /** All lines of at least three points among the runs on one thread. */
  static List<CostLine> of(List<ScanRun> runs) {
    var lines = new ArrayList<CostLine>();
    for (var benchmark : List.of(ScanRun.FORWARD, ScanRun.BACKWARD)) {
      for (int axis = 0; axis < AXES.size(); axis++) {
        var points = new TreeMap<String, TreeMap<Integer, Double>>();
        for (var run : runs) {
          if (run.is(benchmark) && run.threads() == 1) {
            points
                .computeIfAbsent(others(run.sizes(), axis), key -> new TreeMap<>())
                .put(run.sizes().get(axis), run.ns());
          }
        }
        for (var line : points.entrySet()) {
          if (line.getValue().size() >= FEWEST) {
            var pass = benchmark.substring(benchmark.indexOf('.') + 1);
            lines.add(new CostLine(pass, AXES.get(axis), line.getKey(), line.getValue()));
          }
        }
      }
    }
    return List.copyOf(lines);
  }

  private static String others(List<Integer> sizes, int axis) {
    var names = new ArrayList<String>();
    for (int i = 0; i < AXES.size(); i++) {
      if (i != axis) {
        names.add(AXES.get(i) + " " + sizes.get(i));
      }
    }
    return String.join(", ", names);
  }
}
