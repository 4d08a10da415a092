// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import java.io.IOException;
import java.nio.file.Path;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * MedSAM's image encoder on one image, and one more box on an encoded one, by this library and by
 * ONNX Runtime. Each engine has a process of its own, and gets its weights from a file, so that
 * {@link PeakMemory} shows what it needs.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2)
@Measurement(iterations = 5)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "--add-modules=jdk.incubator.vector",
      "-Xmx512m",
      "-Dorg.bytedeco.javacpp.maxbytes=0", // tensors may take more than JavaCPP's multiples of it
      "-Dorg.bytedeco.javacpp.maxphysicalbytes=0"
    })
public class EncoderBenchmark {
  /** The folder that {@link EncoderFiles} wrote. */
  @Param("")
  public String files = "";

  /** What runs the network. */
  @Param({"antaboga", "onnxruntime"})
  public String engine = "antaboga";

  /** Height and width of the image, pixels. */
  @Param("1024")
  public int size = 1024;

  /** Threads that share the work. */
  @Param({"1", "4"})
  public int threads = 1;

  private EncoderEngine running = new None();

  /** Makes the engine and holds its first embedding against the one expected. */
  @Setup(Level.Trial)
  public void prepare() throws IOException {
    var folder = Path.of(files);
    running = EncoderEngine.of(engine, folder, size, threads);
    running.encode();
    EncoderFiles.embedding(folder, size).require(running.embedding());
  }

  /** The image encoder. */
  @Benchmark
  public void encode() {
    running.encode();
  }

  /** Prompt encoder and mask decoder, for one box of the encoded image. */
  @Benchmark
  @Warmup(iterations = 50)
  @Measurement(iterations = 50)
  public void box() {
    running.box();
  }

  /** Gives back what the engine holds. */
  @TearDown(Level.Trial)
  public void close() {
    running.close();
  }

  /** Before the first trial. */
  private static final class None implements EncoderEngine {
    @Override
    public void encode() {}

    @Override
    public java.nio.FloatBuffer embedding() {
      return java.nio.FloatBuffer.allocate(0);
    }

    @Override
    public void box() {}

    @Override
    public void close() {}
  }
}
