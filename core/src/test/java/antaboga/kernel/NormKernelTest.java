// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static antaboga.kernel.Twins.assertClose;
import static antaboga.kernel.Twins.normal;
import static org.junit.jupiter.api.Assertions.assertEquals;

import antaboga.kernel.NormKernel.Layout;
import antaboga.kernel.NormKernel.Rule;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("vector")
class NormKernelTest {
  private static final double EPS = 1e-5;

  private final NormKernel scalar = Twins.body(NormKernel.providers(), "scalar");
  private final NormKernel vector = Twins.body(NormKernel.providers(), "vector");

  @ParameterizedTest
  @MethodSource("antaboga.kernel.Twins#sizes")
  void rowsAgree(int width) {
    for (var rule : new Rule[] {Rule.CENTRED, Rule.ROOT_MEAN_SQUARE}) {
      agree(Layout.rows(37, width, 1), rule, width, 37, width);
    }
  }

  @ParameterizedTest
  @MethodSource("antaboga.kernel.Twins#sizes")
  void groupsAgree(int span) {
    agree(Layout.rows(3 * 2, 4 * span, 2), Rule.CENTRED, 8, 3, 8, span);
  }

  @ParameterizedTest
  @MethodSource("antaboga.kernel.Twins#sizes")
  void channelsOverTheBatchAgree(int run) {
    agree(Layout.channels(3, 5, run), Rule.CENTRED, 5, 3, 5, run);
  }

  @Test
  void manyRowsAndWideRowsAgree() {
    agree(Layout.rows(30_000, 20, 1), Rule.CENTRED, 20, 30_000, 20);
    agree(Layout.rows(9, 700, 1), Rule.CENTRED, 700, 9, 700);
    agree(Layout.rows(2, 300_000, 1), Rule.CENTRED, 3, 2, 3, 100_000);
  }

  private void agree(Layout layout, Rule rule, int channels, long... shape) {
    var x = normal(1, 3, shape);
    var weight = normal(2, 1, channels);
    var bias = normal(3, 0, channels);
    var gradient = normal(4, 0, shape);
    var expected = scalar.forward(x, weight, bias, layout, rule, EPS);
    var actual = vector.forward(x, weight, bias, layout, rule, EPS);
    assertClose(expected.y(), actual.y(), 2e-5, "y");
    assertClose(expected.mean(), actual.mean(), 1e-5, "mean");
    assertClose(expected.scale(), actual.scale(), 1e-4, "scale");
    double sums = 2e-5 * Math.sqrt(x.length() / (double) channels);
    for (var r : new Rule[] {rule, Rule.GIVEN}) {
      var there =
          scalar.backward(gradient, x, weight, layout, r, expected.mean(), expected.scale());
      var here = vector.backward(gradient, x, weight, layout, r, expected.mean(), expected.scale());
      assertClose(there.x(), here.x(), r == Rule.GIVEN ? 1e-4 : 1e-3, "dx " + layout);
      assertClose(there.weight(), here.weight(), sums, "dweight");
      assertClose(there.bias(), here.bias(), sums, "dbias");
    }
    var given = scalar.forward(x, weight, bias, layout, expected.mean(), expected.scale());
    assertClose(
        given,
        vector.forward(x, weight, bias, layout, expected.mean(), expected.scale()),
        1e-4,
        "y by given statistics");
  }

  @ParameterizedTest
  @MethodSource("antaboga.kernel.Twins#sizes")
  void acrossChannelsAgrees(int run) {
    for (int channels : new int[] {2, 17, 300}) {
      var x = normal(1, 3, 2, channels, run);
      var weight = normal(2, 1, channels);
      var bias = normal(3, 0, channels);
      var gradient = normal(4, 0, 2, channels, run);
      var expected = scalar.acrossChannels(x, weight, bias, EPS);
      var actual = vector.acrossChannels(x, weight, bias, EPS);
      assertClose(expected.y(), actual.y(), 5e-4, "y");
      assertClose(expected.mean(), actual.mean(), 1e-5, "mean");
      var mean = expected.mean();
      var scale = expected.scale();
      var there = scalar.acrossChannelsBackward(gradient, x, weight, mean, scale);
      var here = vector.acrossChannelsBackward(gradient, x, weight, mean, scale);
      assertClose(there.x(), here.x(), 5e-3, "dx");
      assertClose(there.weight(), here.weight(), 1e-3, "dweight");
      assertClose(there.bias(), here.bias(), 1e-3, "dbias");
    }
  }

  @Test
  void meanMuchLargerThanTheSpreadIsNoLoss() {
    for (var kernel : new NormKernel[] {scalar, vector}) {
      var x = normal(1, 1e6, 4, 64);
      var one = normal(1, 0, 64).assign(1);
      var zero = normal(1, 0, 64).assign(0);
      var y = kernel.forward(x, one, zero, Layout.rows(4, 64, 1), Rule.CENTRED, 0).y();
      var values = Scalars.all(x);
      double mean = 0;
      for (int i = 0; i < 64; i++) {
        mean += values[i] / 64;
      }
      double squares = 0;
      for (int i = 0; i < 64; i++) {
        squares += (values[i] - mean) * (values[i] - mean) / 64;
      }
      for (int i = 0; i < 64; i++) {
        assertEquals((values[i] - mean) / Math.sqrt(squares), Scalars.all(y)[i], 1e-6);
      }
    }
  }
}
