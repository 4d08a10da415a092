// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.bytedeco.openblas.global.openblas;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.nd4j.nativeblas.NativeOpsHolder;
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
public class Nd4jScanBenchmark {
  /** Channels and time steps, D x L. */
  @Param({"192x1024", "384x2048", "768x4096"})
  public String shape = "384x2048";

  /** Threads of ND4J and of BLAS. */
  @Param("1")
  public int threads = 1;

  private ScanCase scan = new ScanCase(0, 0, 0, List.of());

  /** Makes the inputs and holds the result against the scan of this library. */
  @Setup(Level.Trial)
  public void prepare() {
    scan = ScanCase.of(shape);
    NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(threads);
    openblas.blas_set_num_threads(threads);
    scan.require(loop().reshape('c', 1, scan.length(), scan.channels()), List.of());
  }

  /** The scan, one step after another. */
  @Benchmark
  public INDArray loop() {
    int channels = scan.channels();
    int states = scan.states();
    var u = rows(0, channels);
    var raw = rows(1, channels).addRowVector(scan.inputs().get(6));
    var step = Transforms.log(Transforms.exp(raw, false).addi(1), false); // softplus
    var a = scan.inputs().get(2);
    var b = rows(3, states);
    var c = rows(4, states);
    var y = Nd4j.create(u.dataType(), scan.length(), channels);
    var h = Nd4j.zeros(u.dataType(), channels, states);
    for (int t = 0; t < scan.length(); t++) {
      var dt = step.getRow(t).reshape(channels, 1);
      var decay = Transforms.exp(a.mulColumnVector(dt), false);
      var entry = dt.mul(u.getRow(t).reshape(channels, 1)).mmul(b.getRow(t).reshape(1, states));
      h = h.mul(decay).addi(entry);
      y.put(
          new INDArrayIndex[] {NDArrayIndex.point(t), NDArrayIndex.all()},
          h.mmul(c.getRow(t).reshape(states, 1)).reshape(channels));
    }
    return y.addi(u.mulRowVector(scan.inputs().get(5)));
  }

  /** An input of one batch, one row for each step. */
  private INDArray rows(int input, int columns) {
    return scan.inputs().get(input).reshape(scan.length(), columns);
  }
}
