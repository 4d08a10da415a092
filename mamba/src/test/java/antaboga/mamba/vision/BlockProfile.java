// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.kernel.Workers;
import antaboga.mamba.MambaBlock;
import antaboga.mamba.MambaConfig;
import antaboga.nn.Layer;
import antaboga.nn.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Prints where the time of a block's forward and backward pass goes, by kinds of operations, median
 * of many steps: {@code BlockProfile vss|vmamba|mamba width side batch steps}. Threads by {@code
 * -Dantaboga.threads}.
 */
final class BlockProfile {
  private static final List<String> MAIN = List.of("Linear", "Scan", "Depthwise1d", "Depthwise2d");

  private BlockProfile() {}

  private static Layer block(String kind, Weights w, int width) {
    var plain = Ss2dConfig.of(width);
    return switch (kind) {
      case "vss" -> new VssBlock(w, plain, 1e-5, 0);
      case "vmamba" -> {
        var config =
            plain
                .withState(1)
                .withInner(width)
                .withGate(false)
                .withBias(false, false)
                .withKeys(Ss2dConfig.Keys.V05);
        yield new VmambaBlock(w, config, 4 * width, 0, false);
      }
      default -> new MambaBlock(w, MambaConfig.of(width));
    };
  }

  public static void main(String[] args) {
    int width = Integer.parseInt(args[1]);
    int side = Integer.parseInt(args[2]);
    int batch = Integer.parseInt(args[3]);
    int steps = Integer.parseInt(args[4]);
    var block = block(args[0], Weights.init(1), width);
    var random = new SplittableRandom(1);
    var x =
        args[0].equals("mamba")
            ? Tensor.normal(random, batch, (long) side * side, width)
            : Tensor.normal(random, batch, side, side, width);
    var times = new LinkedHashMap<String, double[]>();
    for (int step = 0; step < steps; step++) {
      long start = System.nanoTime();
      try (var tape = new Tape(step)) {
        var input = tape.watch(x);
        var y = block.forward(input);
        var unused = tape.gradients(y, y);
        double rest = (System.nanoTime() - start) * 1e-6;
        for (var cost : tape.costs()) {
          double ms = cost.forward().plus(cost.backward()).toNanos() * 1e-6;
          rest -= ms;
          times.computeIfAbsent(cost.operation(), k -> new double[steps])[step] = ms;
        }
        times.computeIfAbsent("between", k -> new double[steps])[step] = rest;
      }
    }
    print(
        "%s, width %d, %d x %d, batch %d, %d threads"
            .formatted(args[0], width, side, side, batch, Workers.threads()),
        times);
  }

  private record Row(String name, double ms) {}

  private static void print(String title, Map<String, double[]> times) {
    var rows = new ArrayList<Row>();
    times.forEach((name, ms) -> rows.add(new Row(name, median(ms))));
    rows.sort(Comparator.comparing(Row::ms).reversed());
    double total = rows.stream().mapToDouble(Row::ms).sum();
    double main = rows.stream().filter(row -> MAIN.contains(row.name)).mapToDouble(Row::ms).sum();
    System.out.printf(
        Locale.ROOT, "%s: %.2f ms, %.1f %% in %s%n", title, total, 100 * main / total, MAIN);
    for (var row : rows) {
      System.out.printf(
          Locale.ROOT, "  %-12s %8.3f ms  %4.1f %%%n", row.name, row.ms, 100 * row.ms / total);
    }
  }

  private static double median(double[] times) {
    var half = Arrays.copyOfRange(times, times.length / 2, times.length);
    Arrays.sort(half);
    return half[half.length / 2];
  }
}
