// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import antaboga.kernel.Cuda;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The CUDA kernels against the scalar scan: on a device where one is, else on the processor, where
 * g++ compiles the same source and threads take turns.
 */
@TestInstance(Lifecycle.PER_CLASS) // kernels are compiled once
class CudaScanTest {
  private final ScanKernel scalar = new ScalarScan();
  private final CudaScan cuda;

  CudaScanTest(@TempDir Path folder) {
    boolean real = Cuda.unavailable().isEmpty();
    cuda = new CudaScan(real ? Cuda.first() : new HostDevice(folder, 1));
  }

  @BeforeEach
  void requireDevice() {
    assumeTrue(
        Cuda.unavailable().isEmpty() || HostDevice.available(),
        () -> "no g++ on Linux, and " + Cuda.unavailable().orElseThrow());
  }

  /** Where memory was written beside its buffers, this fails. */
  @AfterEach
  void release() {
    cuda.release();
  }

  private void assertTwins(ScanCase scan) {
    assertTwins(scan, DataType.FLOAT, 0, 0, 0, 0);
  }

  /** With another plan than the usual one where a number is not 0. */
  private void assertTwins(
      ScanCase scan, DataType type, int perThread, int channels, int steps, int chunks) {
    var expected = scan.run(scalar, DataType.DOUBLE);
    var actual = scan.run(new Planned(cuda, perThread, channels, steps, chunks), type);
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach(
        (name, array) -> {
          var what = "%s, %s, %s".formatted(scan, type, name);
          assertClose(what, array, requireNonNull(actual.get(name)), type);
        });
  }

  /** The kernel with a plan of our own. */
  private record Planned(CudaScan cuda, int perThread, int channels, int steps, int chunks)
      implements ScanKernel {
    @Override
    public String name() {
      return cuda.name();
    }

    private ScanPlan plan(ScanInputs x) {
      var usual = cuda.plan(x).orElseThrow();
      return usual.with(
          perThread == 0 ? usual.perThread() : perThread,
          channels == 0 ? usual.channels() : channels,
          steps == 0 ? usual.steps() : steps,
          chunks == 0 ? usual.chunks() : chunks);
    }

    @Override
    public Result forward(ScanInputs x, boolean keep) {
      return cuda.forward(plan(x), x);
    }

    @Override
    public Gradients backward(ScanInputs x, Result forward, INDArray dy, @Nullable INDArray dLast) {
      return cuda.backward(plan(x), x, dy, dLast);
    }
  }

  private static void assertClose(String what, INDArray expected, INDArray actual, DataType type) {
    assertArrayEquals(expected.shape(), actual.shape(), what);
    double tolerance = type == DataType.FLOAT ? 1e-5 : 1e-12;
    var e = ScanCase.values(expected);
    var a = ScanCase.values(actual);
    double scale = 0.1;
    for (double x : e) {
      scale = Math.max(scale, Math.abs(x));
    }
    for (int i = 0; i < e.length; i++) {
      int at = i;
      assertTrue(
          Math.abs(e[i] - a[i]) <= tolerance * scale,
          () -> what + "[" + at + "] is " + a[at] + ", expected " + e[at]);
    }
  }

  @Test
  void agreesWithScalarInEveryLayout() {
    for (var layout : List.of("time last", "channels last", "crossed", "projected")) {
      assertTwins(ScanCase.of(2, 20, 4, 35).layout(layout));
    }
  }

  @Test
  void agreesWithScalarForAnyWidth() {
    for (int width : new int[] {1, 2, 3, 15, 16, 17, 31, 33, 64, 100, 207}) {
      assertTwins(ScanCase.of(2, width, 4, 19));
      assertTwins(ScanCase.of(2, width, 4, 19).layout("channels last"));
    }
  }

  @Test
  void agreesWithScalarForAnyLength() {
    for (int length : new int[] {1, 2, 3, 15, 16, 17, 31, 33, 64, 100, 207}) {
      assertTwins(ScanCase.of(1, 9, 3, length));
    }
    for (int length : new int[] {1, 17, 33, 100}) {
      assertTwins(ScanCase.of(1, 9, 3, length), DataType.FLOAT, 0, 0, 0, 3);
    }
  }

  @Test
  void agreesWithScalarForAnyStateSize() {
    for (int states : new int[] {1, 5, 16, 17, 64, 200}) {
      assertTwins(ScanCase.of(1, 5, states, 21));
    }
  }

  @Test
  void agreesWithScalarForConstantAndGroupedWeights() {
    var all = ScanCase.of(2, 12, 5, 18);
    for (var layout : List.of("time last", "channels last")) {
      assertTwins(all.layout(layout).weights("constant", "constant"));
      assertTwins(all.layout(layout).weights("constant", "3"));
      assertTwins(all.layout(layout).weights("2", "constant"));
      assertTwins(all.layout(layout).weights("2", "3"));
      assertTwins(all.layout(layout).weights("6", "1"));
    }
  }

  @Test
  void agreesWithScalarForAnyOptions() {
    var all = ScanCase.of(2, 10, 4, 35);
    assertTwins(all.options(false, false, false, false, false));
    assertTwins(all.options(true, false, false, true, true));
    assertTwins(all.options(false, true, true, false, true));
    assertTwins(all.layout("projected").options(true, true, false, false, false));
  }

  @Test
  void agreesWithScalarForAnyPlan() {
    for (var layout : List.of("time last", "projected")) {
      var scan = ScanCase.of(2, 19, 6, 70).layout(layout);
      assertTwins(scan, DataType.FLOAT, 1, 8, 4, 4);
      assertTwins(scan, DataType.FLOAT, 2, 16, 8, 2);
      assertTwins(scan, DataType.FLOAT, 3, 32, 16, 5);
    }
    assertTwins(ScanCase.of(2, 10, 4, 70).layout("crossed"), DataType.FLOAT, 4, 16, 16, 3);
  }

  @Test
  void agreesWithScalarInDouble() {
    assertTwins(ScanCase.of(2, 9, 4, 35), DataType.DOUBLE, 0, 0, 0, 0);
    assertTwins(ScanCase.of(2, 9, 4, 35), DataType.DOUBLE, 0, 0, 0, 3);
    assertTwins(ScanCase.of(1, 9, 4, 35).layout("crossed"), DataType.DOUBLE, 0, 0, 0, 0);
    assertTwins(ScanCase.of(1, 9, 4, 35).weights("constant", "1"), DataType.DOUBLE, 0, 0, 0, 2);
  }

  @Test
  void repeatsBitForBit() {
    var scan = ScanCase.of(2, 40, 4, 100);
    var first = scan.run(new Planned(cuda, 0, 0, 0, 3), DataType.FLOAT);
    var second = scan.run(new Planned(cuda, 0, 0, 0, 3), DataType.FLOAT);
    first.forEach(
        (name, x) ->
            assertArrayEquals(
                ScanCase.values(x), ScanCase.values(requireNonNull(second.get(name))), name));
  }

  @Test
  void runsElsewhereWhereStatesDoNotFit() {
    var scan = ScanCase.of(1, 2, 3_000, 3);
    assertTrue(cuda.plan(scan.inputs(DataType.FLOAT, 1)).isEmpty());
    var expected = scan.run(scalar, DataType.FLOAT);
    scan.run(cuda, DataType.FLOAT)
        .forEach((name, x) -> assertEquals(requireNonNull(expected.get(name)), x, name));
  }
}
