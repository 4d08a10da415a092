// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import antaboga.kernel.Workers;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
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

/** A copy of {@value #FLOATS} floats, beyond every cache: the memory's part of the scan's roof. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class CopyBenchmark {
  static final int FLOATS = 1 << 25;
  private static final int TASKS = 64;

  /** Threads that share the work. */
  @Param({"1", "4"})
  public int threads = 1;

  private float[] from = {};
  private float[] to = {};

  /** Makes the arrays and checks one copy. */
  @Setup(Level.Trial)
  public void prepare() {
    System.setProperty("antaboga.threads", Integer.toString(threads)); // read at first use
    from = new float[FLOATS];
    for (int i = 0; i < FLOATS; i++) {
      from[i] = i;
    }
    to = new float[FLOATS];
    copy();
    if (!Arrays.equals(from, to)) {
      throw new IllegalStateException("the copy differs");
    }
  }

  /** Reads and writes all floats once. */
  @Benchmark
  public void copy() {
    int part = FLOATS / TASKS;
    Workers.run(TASKS, task -> System.arraycopy(from, task * part, to, task * part, part));
  }
}
