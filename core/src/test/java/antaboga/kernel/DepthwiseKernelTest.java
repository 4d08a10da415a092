// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static antaboga.kernel.Twins.assertClose;
import static antaboga.kernel.Twins.normal;

import antaboga.Window;
import antaboga.kernel.DepthwiseKernel.Layout;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("vector")
class DepthwiseKernelTest {
  private final DepthwiseKernel scalar = Twins.body(DepthwiseKernel.providers(), "scalar");
  private final DepthwiseKernel vector = Twins.body(DepthwiseKernel.providers(), "vector");

  @ParameterizedTest
  @MethodSource("antaboga.kernel.Twins#sizes")
  void bodiesAgreeOnRowsOfAnyLength(int width) {
    agree(Window.of(3).padding(1), 2, 3, 5, width, 5, width);
  }

  @ParameterizedTest
  @MethodSource("antaboga.kernel.Twins#sizes")
  void bodiesAgreeOnAnyNumberOfChannels(int channels) {
    agree(Window.of(3).padding(1), 2, channels, 4, 6, 4, 6);
  }

  @ParameterizedTest
  @MethodSource("antaboga.kernel.Twins#sizes")
  void causalConvolutionsAgree(int length) {
    agree(Window.of(1, 4).padding(0, 3), 2, 5, 1, length, 1, length);
    agree(Window.of(4, 1).padding(3, 0), 2, 5, length, 1, length, 1);
  }

  @Test
  void bodiesAgreeOnEveryOption() {
    agree(Window.of(7).padding(9).dilation(3), 1, 4, 9, 11, 9, 11);
    agree(Window.of(3), 2, 4, 9, 11, 7, 9);
    agree(Window.of(3).padding(4), 2, 4, 5, 6, 11, 12);
    agree(Window.of(2).padding(1), 1, 4, 5, 6, 6, 7);
    agree(Window.of(5, 3).padding(2, 0).dilation(1, 2), 1, 4, 9, 11, 9, 7);
    agree(Window.of(3).padding(1).stride(2), 1, 4, 9, 11, 5, 6);
    agree(Window.of(3).padding(1), 1, 40, 130, 50, 130, 50);
  }

  private void agree(
      Window window, int batch, int channels, int height, int width, int outHeight, int outWidth) {
    for (var layout : Layout.values()) {
      boolean last = layout == Layout.CHANNELS_LAST;
      var x =
          last
              ? normal(1, 0.1, batch, height, width, channels)
              : normal(1, 0.1, batch, channels, height, width);
      var weight = normal(2, 0, channels, 1, window.height(), window.width());
      var bias = normal(3, 0, channels);
      var what = layout + " " + window;
      var expected = scalar.forward(x, weight, bias, window, outHeight, outWidth, layout);
      assertClose(
          expected,
          vector.forward(x, weight, bias, window, outHeight, outWidth, layout),
          1e-5,
          "y " + what);
      var g = normal(4, 0, expected.shape());
      var there = scalar.backward(g, x, weight, window, layout);
      var here = vector.backward(g, x, weight, window, layout);
      assertClose(there.x(), here.x(), 1e-5, "dx " + what);
      double sums = 1e-5 * Math.sqrt(g.length() / (double) channels);
      assertClose(there.weight(), here.weight(), sums, "dw " + what);
      assertClose(there.bias(), here.bias(), sums, "db " + what);
    }
  }
}
