// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.kernel.Workers;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The roof of the scan on processors: nothing but its exponentials, D·L·(16 + 1) of them with
 * softplus's own, by the same polynomial and in the same tiles that stay in the nearest cache.
 * Here, and not with the other benchmarks, to reach the kernel.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class ExponentialBenchmark {
  private static final int STATES = 16;
  private static final int TASKS = 12; // as the scan

  /** Channels and time steps, D x L. */
  @Param({"192x1024", "384x2048", "768x4096"})
  public String shape = "384x2048";

  /** Threads that share the work. */
  @Param({"1", "4"})
  public int threads = 1;

  private int tiles;
  private List<VectorTile> own = List.of();

  /** Counts the tiles and checks one of them. */
  @Setup(Level.Trial)
  public void prepare() {
    System.setProperty("antaboga.threads", Integer.toString(threads)); // read at first use
    var sizes = shape.split("x", -1);
    int elements = Integer.parseInt(sizes[0]) * Integer.parseInt(sizes[1]);
    tiles = elements / (VectorTile.PAIR * VectorTile.STEPS);
    own = Stream.generate(ExponentialBenchmark::tile).limit(TASKS).toList();
    exponentials(own.get(0));
    float decay = own.get(0).decay[0];
    if (Math.abs(decay - Math.exp(-0.1)) > 1e-6) {
      throw new IllegalStateException("e^-0.1 is " + decay);
    }
  }

  private static VectorTile tile() {
    var tile = new VectorTile(2, 2, STATES, 0, false);
    tile.vectors = 2;
    tile.steps = VectorTile.STEPS;
    Arrays.fill(tile.gentle, true);
    Arrays.fill(tile.delta, 0.1f);
    Arrays.fill(tile.a, -1f);
    tile.prepare();
    return tile;
  }

  /** Those of a pair of vectors in a tile: of softplus and of all decays. */
  private static void exponentials(VectorTile tile) {
    VectorPower.decaying(tile, 0, 0);
    for (int n = 0; n < STATES; n += VectorTile.BLOCK) {
      VectorPower.decays(tile, 0, n);
    }
  }

  /** The exponentials of a scan. */
  @Benchmark
  public void exponentials() {
    Workers.run(
        TASKS,
        task -> {
          var tile = own.get(task);
          for (int i = task; i < tiles; i += TASKS) {
            exponentials(tile);
          }
        });
  }
}
