// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

@Tag("vector")
class ScanKernelTest {
  private static final int[] SIZES = {1, 2, 3, 15, 16, 17, 31, 33, 64, 100, 207};

  private final ScanKernel scalar = new ScalarScan();
  private final ScanKernel vector = new VectorScan();

  private void assertTwins(ScanCase scan) {
    var expected = scan.run(scalar, DataType.DOUBLE);
    var actual = scan.run(vector, DataType.FLOAT);
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach(
        (name, array) -> assertClose(scan, name, array, requireNonNull(actual.get(name))));
  }

  @Test
  void vectorAgreesWithScalarForAnyWidth() {
    for (int width : SIZES) {
      assertTwins(ScanCase.of(2, width, 4, 19));
    }
  }

  @Test
  void vectorAgreesWithScalarForAnyLength() {
    for (int length : SIZES) {
      assertTwins(ScanCase.of(1, 18, 3, length));
    }
  }

  @Test
  void vectorAgreesWithScalarForAnyStateSize() {
    for (int states : new int[] {1, 2, 3, 4, 5, 6, 7, 8, 16, 17, 64, 256, 514}) {
      assertTwins(ScanCase.of(1, 5, states, 21));
      assertTwins(ScanCase.of(1, 5, states, 21).layout("channels last"));
    }
  }

  @Test
  void vectorAgreesWithScalarForConstantAndGroupedWeights() {
    for (var layout : List.of("time last", "channels last")) {
      for (var b : List.of("constant", "1", "2", "3", "6")) {
        for (var c : List.of("constant", "1", "2", "3", "6")) {
          assertTwins(ScanCase.of(2, 12, 5, 18).layout(layout).weights(b, c));
        }
      }
    }
  }

  @Test
  void vectorAgreesWithScalarForAnyOptions() {
    for (int bits = 0; bits < 32; bits++) {
      var scan =
          ScanCase.of(2, 20, 4, 35)
              .options(
                  (bits & 1) > 0, (bits & 2) > 0, (bits & 4) > 0, (bits & 8) > 0, (bits & 16) > 0);
      assertTwins(scan);
      assertTwins(scan.layout("channels last"));
      assertTwins(scan.layout("crossed"));
      assertTwins(scan.layout("projected"));
    }
  }

  @Test
  void extremeStepsStayFiniteWhereTheReferenceDoes() {
    var scan = ScanCase.of(1, 17, 4, 20).options(true, true, true, false, false);
    for (double scale : new double[] {25, 300, -40}) {
      var x = scan.inputs(DataType.DOUBLE, 3);
      x.delta().muli(scale);
      var f = scan.inputs(DataType.FLOAT, 3);
      f.delta().muli(scale);
      var expected = scalar.forward(x, true);
      var actual = vector.forward(f, true);
      assertClose(scan, "y", expected.y(), actual.y());
      var g = scan.like(expected.y(), 4);
      var dx = scalar.backward(x, expected, g, null);
      var df = vector.backward(f, actual, g.castTo(DataType.FLOAT), null);
      assertClose(scan, "da", dx.a(), df.a());
      assertClose(scan, "ddelta", dx.delta(), df.delta());
    }
  }

  @Test
  void growthOverflowsToInfinityAndNotANumberPasses() {
    var scan = ScanCase.of(1, 3, 1, 2).options(false, false, false, false, true);
    var x = scan.inputs(DataType.FLOAT, 3);
    x.a().assign(1f);
    x.b().assign(0f);
    requireNonNull(x.initial()).assign(1f);
    x.delta().assign(0f);
    x.delta().putScalar(new int[] {0, 0, 0}, 100f);
    x.delta().putScalar(new int[] {0, 1, 0}, 88.5f);
    x.delta().putScalar(new int[] {0, 2, 0}, Float.NaN);
    var last = vector.forward(x, false).last();
    assertEquals(Float.POSITIVE_INFINITY, last.getFloat(0, 0, 0));
    assertEquals(Math.exp(88.5), last.getFloat(0, 1, 0), 1e33);
    assertTrue(Float.isNaN(last.getFloat(0, 2, 0)));
  }

  private static void assertClose(ScanCase scan, String name, INDArray expected, INDArray actual) {
    assertArrayEquals(expected.shape(), actual.shape(), name);
    var e = ScanCase.values(expected);
    var a = ScanCase.values(actual);
    double scale = 0;
    for (double x : e) {
      scale = Math.max(scale, Math.abs(x));
    }
    for (int i = 0; i < e.length; i++) {
      double error = Math.abs(e[i] - a[i]);
      int at = i;
      assertTrue(
          error <= 1e-5 * scale + 1e-6,
          () -> scan + ": " + name + "[" + at + "] is " + a[at] + ", expected " + e[at]);
    }
  }
}
