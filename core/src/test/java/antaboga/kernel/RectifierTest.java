// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static antaboga.kernel.Twins.assertClose;
import static antaboga.kernel.Twins.normal;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class RectifierTest {
  @ParameterizedTest
  @MethodSource("antaboga.kernel.Twins#sizes")
  void floatsAgreeWithDoubles(int size) {
    var x = normal(1, 0, size);
    var g = normal(2, 0, size);
    for (double slope : new double[] {0, 0.01, 1.5, -0.5}) {
      var wide = x.castTo(DataType.DOUBLE);
      var upstream = g.castTo(DataType.DOUBLE);
      assertClose(
          Rectifier.forward(wide, slope).castTo(DataType.FLOAT),
          Rectifier.forward(x, slope),
          1e-7,
          "value");
      assertClose(
          Rectifier.backward(upstream, wide, slope).castTo(DataType.FLOAT),
          Rectifier.backward(g, x, slope),
          1e-7,
          "gradient");
    }
  }

  @Test
  void zeroCountsAsNegativeAndTheLeastNumberAsPositive() {
    var x = Nd4j.createFromArray(0f, -0f, Float.MIN_VALUE, -Float.MIN_VALUE, 3e38f, -3e38f);
    var g = Nd4j.createFromArray(1f, 1f, 1f, 1f, 1f, 1f);
    var expected = Nd4j.createFromArray(0.25f, 0.25f, 1f, 0.25f, 1f, 0.25f);
    Twins.assertSame(expected, Rectifier.backward(g, x, 0.25), "gradient");
  }
}
