// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.Op;
import antaboga.Tape;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
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
 * The selective scan of {@link ScanCase}, forward and backward each by itself, in memory that a
 * tape uses again. Divide by D·L·N for the time of one state update. Here, and not with the other
 * benchmarks, to reach the backward pass without its forward pass.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class ScanBenchmark {
  /** The body of the kernel. */
  @Param({"vector", "scalar"})
  public String kernel = "vector";

  /** Channels and time steps, D x L; with a third number for states other than 16, D x L x N. */
  @Param({"192x1024", "384x2048", "768x4096"})
  public String shape = "384x2048";

  /** Threads that share the work. */
  @Param({"1", "4"})
  public int threads = 1;

  private ScanCase scan = new ScanCase(0, 0, 0, List.of());
  private INDArray dy = Nd4j.scalar(0f);
  private Op.Value kept = Op.Value.of(dy);

  /** Forces the kernel, makes the inputs and holds both passes against the scan in double. */
  @Setup(Level.Trial)
  public void prepare() {
    System.setProperty("antaboga.scan", kernel); // both are read once, at first use
    System.setProperty("antaboga.threads", Integer.toString(threads));
    scan = ScanCase.of(shape);
    dy = scan.upstream();
    kept = scan.forward(true);
    scan.require(kept.array(), ScanCase.backward(kept, dy));
  }

  /** Inference. */
  @Benchmark
  @SuppressWarnings("try") // an open tape owns the memory
  public void forward() {
    try (var tape = new Tape(0)) {
      scan.forward(false);
    }
  }

  /**
   * The gradients of all inputs, given what a forward pass has kept: the states at the borders of
   * its tiles. That pass is not timed; the states within are recomputed, and that is.
   */
  @Benchmark
  @SuppressWarnings("try")
  public void backward() {
    try (var tape = new Tape(0)) {
      ScanCase.backward(kept, dy);
    }
  }
}
