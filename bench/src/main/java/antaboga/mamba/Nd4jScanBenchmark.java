// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import antaboga.Tensor;
import antaboga.mamba.ScanLayout;
import antaboga.mamba.ScanOptions;
import antaboga.mamba.SelectiveScan;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;
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
 * The forward scan as one would write it with ND4J's operations, a loop over time, for comparison:
 * the same inputs and the same result as {@link ScanBenchmark#forward}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 1)
@Measurement(iterations = 3)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class ComposedScanBenchmark {
  private static final int STATES = 16;

  /** Channels and time steps, D x L. */
  @Param({"192x1024", "384x2048", "768x4096"})
  public String shape = "384x2048";

  private int channels;
  private int length;
  private INDArray u = Nd4j.scalar(0f); // (L, D)
  private INDArray step = Nd4j.scalar(0f); // (L, D)
  private INDArray a = Nd4j.scalar(0f); // (D, N)
  private INDArray b = Nd4j.scalar(0f); // (L, N)
  private INDArray c = Nd4j.scalar(0f); // (L, N)

  /** Makes the inputs and holds the result against the scan of this library. */
  @Setup(Level.Trial)
  public void prepare() {
    var sizes = shape.split("x", -1);
    channels = Integer.parseInt(sizes[0]);
    length = Integer.parseInt(sizes[1]);
    var random = new SplittableRandom(1);
    var x = Tensor.normal(random, 1, length, channels);
    var delta = Tensor.normal(random, 1, length, channels).softplus();
    var rate = Tensor.uniform(random, channels, STATES).add(0.1).neg();
    var in = Tensor.normal(random, 1, length, STATES);
    var out = Tensor.normal(random, 1, length, STATES);
    u = x.array().reshape(length, channels);
    step = delta.array().reshape(length, channels);
    a = rate.array();
    b = in.array().reshape(length, STATES);
    c = out.array().reshape(length, STATES);
    var options = ScanOptions.plain().withLayout(ScanLayout.CHANNELS_LAST);
    var expected = SelectiveScan.of(x, delta, rate, in, out, options).toFloats();
    var actual = composed().reshape((long) length * channels).toFloatVector();
    for (int i = 0; i < expected.length; i++) {
      if (Math.abs(expected[i] - actual[i]) > 1e-3 * (1 + Math.abs(expected[i]))) {
        throw new IllegalStateException("element " + i + ": " + actual[i] + ", " + expected[i]);
      }
    }
  }

  /** The scan, one step after another. */
  @Benchmark
  public INDArray composed() {
    var y = Nd4j.create(u.dataType(), length, channels);
    var h = Nd4j.zeros(u.dataType(), channels, STATES);
    for (int t = 0; t < length; t++) {
      var dt = step.getRow(t).reshape(channels, 1);
      var decay = Transforms.exp(a.mulColumnVector(dt), false);
      var entry = dt.mul(u.getRow(t).reshape(channels, 1)).mmul(b.getRow(t).reshape(1, STATES));
      h = h.mul(decay).addi(entry);
      y.put(
          new org.nd4j.linalg.indexing.INDArrayIndex[] {NDArrayIndex.point(t), NDArrayIndex.all()},
          h.mmul(c.getRow(t).reshape(STATES, 1)).reshape(channels));
    }
    return y;
  }
}
