// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.StepCosts;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.kernel.Workers;
import antaboga.mamba.MambaBlock;
import antaboga.mamba.MambaConfig;
import antaboga.mamba.vision.Ss2dConfig;
import antaboga.mamba.vision.VmambaBlock;
import antaboga.mamba.vision.VssBlock;
import antaboga.nn.Layer;
import antaboga.nn.Weights;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Where the time of a forward and backward pass goes, by kinds of operations: medians over the
 * second half of many passes.
 *
 * @param title what was passed
 * @param rows the kinds, the longest first
 */
public record Profile(String title, List<StepCosts.Row> rows) {
  /** Products, the scan and the depthwise convolutions: what a block is there for. */
  private static final List<String> CORE =
      List.of("Linear", "MatMul", "Scan", "Depthwise1d", "Depthwise2d");

  /** Keeps a copy of the list. */
  public Profile {
    rows = List.copyOf(rows);
  }

  /** A block on images of so many positions; channels last. */
  public static Profile block(String kind, int width, int side, int batch, int passes) {
    var random = new SplittableRandom(1);
    boolean flat = kind.equals("mamba");
    var x =
        flat
            ? Tensor.normal(random, batch, (long) side * side, width)
            : Tensor.normal(random, batch, side, side, width);
    var title = "%s block, width %d, %d x %d".formatted(kind, width, side, side);
    return of(title, block(kind, Weights.init(1), width), x, passes);
  }

  private static Layer block(String kind, Weights w, int width) {
    return switch (kind) {
      case "vss" -> new VssBlock(w, Ss2dConfig.of(width), 1e-5, 0);
      case "vmamba" -> {
        var config =
            Ss2dConfig.of(width)
                .withState(1)
                .withInner(width)
                .withGate(false)
                .withBias(false, false)
                .withKeys(Ss2dConfig.Keys.V05);
        yield new VmambaBlock(w, config, 4 * width, 0, false);
      }
      case "mamba" -> new MambaBlock(w, MambaConfig.of(width));
      default -> throw new IllegalArgumentException("block " + kind);
    };
  }

  /** A network on images of so many pixels. */
  public static Profile network(Network network, int side, int batch, int passes) {
    var x = Tensor.uniform(new SplittableRandom(1), batch, 3, side, side);
    var title = "%s, %d x %d".formatted(network, side, side);
    return of(title, network.build(Weights.init(1)), x, passes);
  }

  private static Profile of(String title, Layer layer, Tensor x, int passes) {
    var costs = new StepCosts();
    for (int pass = 0; pass < passes; pass++) {
      long start = System.nanoTime();
      try (var tape = new Tape(pass)) {
        var y = layer.forward(tape.watch(x));
        long middle = System.nanoTime();
        var unused = tape.gradients(y, y);
        costs.add(tape, middle - start, System.nanoTime() - middle);
      }
    }
    var about =
        "%s, batch %d, %d thread%s"
            .formatted(title, x.size(0), Workers.threads(), Workers.threads() == 1 ? "" : "s");
    return new Profile(about, costs.rows());
  }

  /** Milliseconds of a pass, forward and backward. */
  double total() {
    return rows.stream().mapToDouble(StepCosts.Row::both).sum();
  }

  /** The share of products, scan and depthwise convolutions. */
  public double core() {
    var core = rows.stream().filter(row -> CORE.contains(row.operation()));
    return core.mapToDouble(StepCosts.Row::both).sum() / total();
  }

  /** A table for people. */
  public String table() {
    var table = new StringBuilder();
    table.append(
        "%s: %.2f ms, %.1f %% in products, scan and depthwise convolution%n"
            .formatted(title, total(), 100 * core()));
    table.append("  %-16s %10s %10s %8s%n".formatted("operation", "forward", "backward", "share"));
    for (var row : rows) {
      table.append(
          String.format(
              Locale.ROOT,
              "  %-16s %10.3f %10.3f %6.1f %%%n",
              row.operation(),
              row.forward(),
              row.backward(),
              100 * row.both() / total()));
    }
    return table.toString().stripTrailing();
  }
}
