// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The student's inference at 256 pixels, by this library and by ONNX Runtime. Each engine has a
 * process of its own.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1, time = 6)
@Measurement(iterations = 1, time = 6)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "--add-modules=jdk.incubator.vector",
      "-Xmx512m",
      "-Dorg.bytedeco.javacpp.maxbytes=0", // tensors may take more than JavaCPP's multiples of it
      "-Dorg.bytedeco.javacpp.maxphysicalbytes=0"
    })
public class StudentBenchmark {
  /** Those that have files. */
  static final List<Integer> BATCHES = List.of(1, 8);

  /** The folder that {@link StudentFiles} wrote. */
  @Param("")
  public String files = "";

  /** What runs the network. */
  @Param({EngineRun.OURS, EngineRun.THEIRS})
  public String engine = EngineRun.OURS;

  /** Images in a pass. */
  @Param({"1", "8"})
  public int batch = 1;

  /** Threads that share the work. */
  @Param({"1", "4"})
  public int threads = 1;

  private @Nullable StudentEngine running;

  /** Makes the engine and holds its first logits against those expected. */
  @Setup(Level.Trial)
  public void prepare() throws IOException {
    var folder = Path.of(files);
    running = StudentEngine.of(engine, folder, batch, threads);
    running.segment();
    StudentFiles.logits(folder, batch).require(running.logits());
  }

  /** Images to logits. */
  @Benchmark
  public void segment() {
    Objects.requireNonNull(running).segment();
  }

  /** Gives back what the engine holds. */
  @TearDown(Level.Trial)
  public void close() {
    Objects.requireNonNull(running).close();
  }
}
