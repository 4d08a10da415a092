// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.kernel.Workers;
import java.util.Locale;
import java.util.function.Supplier;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Prints nanoseconds for each element of L · D · N, the best of many runs: {@code ScanTiming
 * scalar|vector batches width length states}. Threads by {@code -Dantaboga.threads}.
 */
final class ScanTiming {
  private ScanTiming() {}

  public static void main(String[] args) {
    var kernel = args[0].equals("scalar") ? new ScalarScan() : new VectorScan();
    int batches = Integer.parseInt(args[1]);
    int width = Integer.parseInt(args[2]);
    int length = Integer.parseInt(args[3]);
    int states = Integer.parseInt(args[4]);
    exponentials();
    int repeats = args[0].equals("scalar") ? 4 : 60;
    for (var layout : new String[] {"channels last", "time last"}) {
      var scan =
          ScanCase.of(batches, width, states, length)
              .layout(layout)
              .options(true, true, false, true, false);
      var x = scan.inputs(DataType.FLOAT, 1);
      var kept = kernel.forward(x, true);
      var dy = scan.like(kept.y(), 2);
      double elements = (double) batches * width * length * states;
      double forward = best(repeats, () -> kernel.forward(x, false)) / elements;
      double keeping = best(repeats, () -> kernel.forward(x, true)) / elements;
      double backward = best(repeats, () -> kernel.backward(x, kept, dy, null)) / elements;
      System.out.printf(
          Locale.ROOT,
          "%s %s, %d threads: forward %.3f, kept %.3f, backward %.3f ns%n",
          kernel.name(),
          layout,
          Workers.threads(),
          forward,
          keeping,
          backward);
    }
  }

  /** The limit: nothing but the exponentials of a scan. */
  private static void exponentials() {
    var tile = new VectorTile(1, 16, 0, false);
    tile.vectors = 1;
    tile.steps = VectorTile.STEPS;
    tile.gentle[0] = true;
    java.util.Arrays.fill(tile.delta, 0.1f);
    java.util.Arrays.fill(tile.a, -1f);
    tile.prepare();
    int tiles = 1000;
    double ns =
        best(
            200,
            () -> {
              for (int i = 0; i < tiles; i++) {
                for (int n = 0; n < 16; n += VectorTile.BLOCK) {
                  for (int k = 0; k < VectorTile.BLOCK; k++) {
                    VectorPower.decays(tile, 0, 0, n + k, k);
                  }
                }
              }
              return tile;
            });
    System.out.printf(
        Locale.ROOT,
        "exponentials alone, %d lanes: %.3f ns%n",
        VectorTile.LANES,
        ns / tiles / 16 / VectorTile.STEPS / VectorTile.LANES);
  }

  private static double best(int repeats, Supplier<Object> work) {
    double best = Double.MAX_VALUE;
    for (int i = 0; i < repeats; i++) {
      long start = System.nanoTime();
      var unused = work.get();
      best = Math.min(best, (double) (System.nanoTime() - start));
    }
    return best;
  }
}
