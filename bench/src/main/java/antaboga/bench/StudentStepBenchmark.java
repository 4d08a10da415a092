// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import antaboga.StepCosts;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.mamba.vision.VssUNet;
import antaboga.nn.Weights;
import antaboga.nn.loss.BinaryCrossEntropy;
import antaboga.nn.loss.Dice;
import antaboga.nn.optim.AdamW;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
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
 * A supervised training step of the student at 256 pixels: cross-entropy and Dice, their gradients,
 * AdamW. What each kind of operation took goes to {@code costs-BATCH-THREADS.json} in the folder.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3)
@Measurement(iterations = 4)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "--add-modules=jdk.incubator.vector",
      "-Xmx512m",
      "-Dorg.bytedeco.javacpp.maxbytes=0", // as in StudentBenchmark
      "-Dorg.bytedeco.javacpp.maxphysicalbytes=0"
    })
public class StudentStepBenchmark {
  /** What updates the parameters; no operation of a tape. */
  static final String OPTIMISER = "AdamW";

  /** Where the costs go. */
  @Param("")
  public String files = "";

  /** Images in a step. */
  @Param({"8", "16"})
  public int batch = 8;

  /** Threads that share the work. */
  @Param({"1", "4"})
  public int threads = 1;

  private final StepCosts costs = new StepCosts();
  private final BinaryCrossEntropy crossEntropy = new BinaryCrossEntropy();
  private final Dice dice = Dice.sigmoid();
  private @Nullable Subject subject;
  private int step;

  /** What is trained, and on what. */
  private record Subject(VssUNet student, AdamW optimiser, Tensor images, Tensor masks) {}

  /** A student with random weights, and halves to find. */
  @Setup(Level.Trial)
  public void prepare() {
    System.setProperty("antaboga.threads", Integer.toString(threads)); // read once, at first use
    var weights = Weights.init(1);
    int size = StudentFiles.SIZE;
    var masks = new float[batch * size * size];
    for (int i = 0; i < masks.length; i++) {
      masks[i] = i % size < size / 2 ? 1 : 0;
    }
    subject =
        new Subject(
            StudentFiles.student(weights),
            new AdamW(AdamW.Config.of(1e-4), weights.trainable()),
            Tensor.of(Expected.images(batch, size), batch, 3, size, size),
            Tensor.of(masks, batch, 1, size, size));
  }

  /**
   * One step.
   *
   * @throws IllegalStateException if its loss is no number
   */
  @Benchmark
  public void step() {
    var of = Objects.requireNonNull(subject);
    long start = System.nanoTime();
    try (var tape = new Tape(step++)) {
      var logits = of.student.forward(of.images);
      var loss = crossEntropy.of(logits, of.masks).add(dice.of(logits, of.masks));
      long middle = System.nanoTime();
      var gradients = tape.gradients(loss);
      long end = System.nanoTime();
      of.optimiser.step(gradients);
      costs.add(tape, middle - start, end - middle);
      costs.add(OPTIMISER, System.nanoTime() - end);
      if (!Double.isFinite(loss.item())) {
        throw new IllegalStateException("loss " + loss.item());
      }
    }
  }

  /** Writes the costs. */
  @TearDown(Level.Trial)
  public void save() throws IOException {
    var json = new ObjectMapper();
    var record = json.createObjectNode().put("batch", batch).put("threads", threads);
    var operations = record.putArray("operations");
    costs.rows().forEach(row -> operations.addPOJO(row));
    json.writeValue(Path.of(files, "costs-%d-%d.json".formatted(batch, threads)).toFile(), record);
  }
}
