// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.mamba.ScanLayout;
import antaboga.mamba.ScanOptions;
import antaboga.mamba.SelectiveScan;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.nd4j.linalg.api.buffer.DataType;
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
 * The selective scan with softplus, bias and skip, one batch, channels last: forward alone, and a
 * training step of it. Divide by D·L·N for the time of one state update.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class ScanBenchmark {
  private static final int STATES = 16;

  /** The body of the kernel. */
  @Param({"vector", "scalar"})
  public String kernel = "vector";

  /** Channels and time steps, D x L; with a third number for states other than 16, D x L x N. */
  @Param({"192x1024", "384x2048", "768x4096"})
  public String shape = "384x2048";

  /** Threads that share the work. */
  @Param({"1", "4"})
  public int threads = 1;

  private Tensor u = Tensor.scalar(0);
  private Tensor delta = Tensor.scalar(0);
  private Tensor a = Tensor.scalar(0);
  private Tensor b = Tensor.scalar(0);
  private Tensor c = Tensor.scalar(0);
  private ScanOptions options = ScanOptions.plain();

  /** Forces the kernel, makes the inputs and holds the result against the double scan. */
  @Setup(Level.Trial)
  public void prepare() {
    System.setProperty("antaboga.scan", kernel); // both are read once, at first use
    System.setProperty("antaboga.threads", Integer.toString(threads));
    var sizes = shape.split("x", -1);
    int channels = Integer.parseInt(sizes[0]);
    int length = Integer.parseInt(sizes[1]);
    var random = new SplittableRandom(1);
    u = Tensor.normal(random, 1, length, channels);
    delta = Tensor.normal(random, 1, length, channels);
    int states = sizes.length > 2 ? Integer.parseInt(sizes[2]) : STATES;
    a = Tensor.uniform(random, channels, states).add(0.1).neg();
    b = Tensor.normal(random, 1, length, states);
    c = Tensor.normal(random, 1, length, states);
    options = options(Tensor.normal(random, channels), Tensor.normal(random, channels));
    check();
  }

  private static ScanOptions options(Tensor bias, Tensor d) {
    return ScanOptions.plain()
        .withLayout(ScanLayout.CHANNELS_LAST)
        .withDeltaSoftplus()
        .withDeltaBias(bias)
        .withD(d);
  }

  private void check() {
    var exact =
        SelectiveScan.of(
                wide(u),
                wide(delta),
                wide(a),
                wide(b),
                wide(c),
                options(wide(options.deltaBias().orElseThrow()), wide(options.d().orElseThrow())))
            .toDoubles();
    var values = scan().toDoubles();
    for (int i = 0; i < exact.length; i++) {
      if (!(Math.abs(values[i] - exact[i]) <= 1e-5 * (1 + Math.abs(exact[i])))) {
        throw new IllegalStateException(
            "%s kernel, element %d: %g, expected %g".formatted(kernel, i, values[i], exact[i]));
      }
    }
  }

  private static Tensor wide(Tensor x) {
    return x.to(DataType.DOUBLE);
  }

  /** Inference, in memory that is used again. */
  @Benchmark
  @SuppressWarnings("try") // an open tape owns the memory
  public float forward() {
    try (var tape = new Tape(0)) {
      return Tape.paused(() -> scan()).array().getFloat(0, 0, 0);
    }
  }

  private Tensor scan() {
    return SelectiveScan.of(u, delta, a, b, c, options);
  }

  /** The value and the gradients of all inputs. */
  @Benchmark
  public void forwardAndBackward() {
    try (var tape = new Tape(0)) {
      var y =
          SelectiveScan.of(
              tape.watch(u),
              tape.watch(delta),
              tape.watch(a),
              tape.watch(b),
              tape.watch(c),
              options);
      tape.gradients(y, u);
    }
  }
}
