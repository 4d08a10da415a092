// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import antaboga.Tape;
import antaboga.Tensor;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas;
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

/** A matrix product through {@link Tensor} beside the bare BLAS call, at the sizes of ViT-B. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class MatMulBenchmark {
  /** Rows, inner size and columns. */
  @Param({"4096x768x2304", "4096x768x768", "4096x768x3072", "4096x3072x768"})
  public String shape = "4096x768x768";

  private int m;
  private int k;
  private int n;
  private Tensor x = Tensor.scalar(0);
  private Tensor w = Tensor.scalar(0);
  private FloatPointer px = new FloatPointer();
  private FloatPointer pw = new FloatPointer();
  private FloatPointer out = new FloatPointer();

  /** Makes the operands and checks that both ways agree. */
  @Setup(Level.Trial)
  public void prepare() {
    var sizes = shape.split("x", -1);
    m = Integer.parseInt(sizes[0]);
    k = Integer.parseInt(sizes[1]);
    n = Integer.parseInt(sizes[2]);
    var random = new SplittableRandom(1);
    x = Tensor.normal(random, m, k);
    w = Tensor.normal(random, k, n);
    px = new FloatPointer(x.array().data().addressPointer());
    pw = new FloatPointer(w.array().data().addressPointer());
    out = new FloatPointer((long) m * n);
    blas();
    var product = x.matmul(w).toFloats();
    for (int i = 0; i < product.length; i += 997) {
      if (Math.abs(product[i] - out.get(i)) > 1e-3) {
        throw new IllegalStateException("element " + i + ": " + product[i] + ", " + out.get(i));
      }
    }
  }

  /** The product as a user writes it, in memory that is used again. */
  @Benchmark
  public void tensor() {
    try (var tape = new Tape(0)) {
      tape.watch(x).matmul(w);
    }
  }

  /** The bare call into memory that is there already. */
  @Benchmark
  public void blas() {
    openblas.cblas_sgemm(
        openblas.CblasRowMajor,
        openblas.CblasNoTrans,
        openblas.CblasNoTrans,
        m,
        n,
        k,
        1,
        px,
        k,
        pw,
        n,
        0,
        out,
        n);
  }
}
