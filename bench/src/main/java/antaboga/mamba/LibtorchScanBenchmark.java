// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
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
 * The forward scan composed of libtorch's operations as {@code selective_scan_ref} of mamba_ssm
 * composes it, for comparison: the inputs and the result of {@link ScanBenchmark#forward}, in the
 * reference's own layout (B, D, L). Needs the natives that the Maven profile {@code libtorch}
 * brings.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2)
@Measurement(iterations = 5)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class LibtorchScanBenchmark {
  /** Channels and time steps, D x L. */
  @Param({"192x1024", "384x2048", "768x4096"})
  public String shape = "384x2048";

  /** Threads of libtorch and of BLAS. */
  @Param({"1", "4"})
  public int threads = 1;

  private ScanCase scan = new ScanCase(0, 0, 0, List.of());
  private List<Tensor> inputs = List.of();

  /** Makes the inputs and holds the result against the scan of this library. */
  @Setup(Level.Trial)
  public void prepare() {
    scan = ScanCase.of(shape);
    try {
      torch.set_num_threads(threads);
      openblas.blas_set_num_threads(threads); // which it calls
    } catch (LinkageError e) {
      throw new IllegalStateException("no natives of libtorch: build with -Plibtorch", e);
    }
    long d = scan.channels();
    long l = scan.length();
    long n = scan.states();
    inputs =
        List.of(
            tensor(0, 1, l, d).transpose(1, 2).contiguous(),
            tensor(1, 1, l, d).transpose(1, 2).contiguous(),
            tensor(2, d, n),
            tensor(3, 1, l, n).transpose(1, 2).contiguous(),
            tensor(4, 1, l, n).transpose(1, 2).contiguous(),
            tensor(5, d, 1),
            tensor(6, d, 1));
    try (var y = composed().transpose(1, 2).contiguous()) {
      var values = new float[scan.channels() * scan.length()];
      y.data_ptr_float().get(values);
      scan.require(Nd4j.createFromArray(values).reshape('c', 1, l, d), List.of());
    }
  }

  private Tensor tensor(int input, long... shape) {
    var memory = new FloatPointer(scan.inputs().get(input).data().addressPointer());
    return torch.from_blob(memory, shape); // the case keeps it alive
  }

  /** The scan, one step after another. What is not needed any more is freed at once. */
  @Benchmark
  @SuppressWarnings("try") // a guard works by being open
  public Tensor composed() {
    var u = inputs.get(0);
    var c = inputs.get(4);
    try (var inference = new NoGradGuard();
        var raw = inputs.get(1).add(inputs.get(6));
        var delta = torch.softplus(raw);
        var exponent = einsum("bdl,dn->bdln", delta, inputs.get(2));
        var decays = exponent.exp();
        var entries = einsum("bdl,bnl,bdl->bdln", delta, inputs.get(3), u);
        var ys = new TensorVector()) {
      var h = torch.zeros(1, scan.channels(), scan.states());
      for (int t = 0; t < scan.length(); t++) {
        try (var decay = decays.select(2, t);
            var entry = entries.select(2, t);
            var out = c.select(2, t);
            var before = h;
            var decayed = decay.mul(before)) {
          h = decayed.add(entry);
          try (var y = einsum("bdn,bn->bd", h, out)) {
            ys.push_back(y);
          }
        }
      }
      h.close();
      try (var y = torch.stack(ys, 2);
          var skip = u.mul(inputs.get(5))) {
        return y.add(skip);
      }
    }
  }

  private static Tensor einsum(String equation, Tensor... operands) {
    try (var vector = new TensorVector(operands)) {
      return torch.einsum(equation, vector);
    }
  }
}
