// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static antaboga.kernel.Twins.assertClose;
import static antaboga.kernel.Twins.assertSame;
import static antaboga.kernel.Twins.normal;

import antaboga.Window;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.indexing.NDArrayIndex;

@Tag("vector")
class ConvolutionKernelTest {
  private final ConvolutionKernel scalar = Twins.body(ConvolutionKernel.providers(), "scalar");
  private final ConvolutionKernel vector = Twins.body(ConvolutionKernel.providers(), "vector");

  @ParameterizedTest
  @MethodSource("antaboga.kernel.Twins#sizes")
  void bodiesAgreeOnRowsOfAnyLength(int width) {
    agree(Window.of(3).padding(1), 1, 2, 3, 4, 5, width);
  }

  @ParameterizedTest
  @MethodSource("antaboga.kernel.Twins#sizes")
  void bodiesAgreeOnAnyNumberOfOutputs(int outputs) {
    agree(Window.of(3).padding(1), 1, 1, 3, outputs, 4, 7);
  }

  @Test
  void bodiesAgreeOnEveryOption() {
    agree(Window.of(1), 1, 2, 6, 8, 4, 5);
    agree(Window.of(1).padding(1), 1, 2, 6, 8, 4, 5);
    agree(Window.of(1).stride(2), 1, 2, 6, 8, 4, 5);
    agree(Window.of(16).stride(16), 1, 1, 3, 8, 32, 48);
    agree(Window.of(2).stride(2), 1, 2, 5, 6, 7, 9);
    agree(Window.of(3).stride(2).padding(1), 1, 1, 4, 6, 9, 7);
    agree(Window.of(3).stride(3).padding(2), 2, 2, 4, 6, 9, 7);
    agree(Window.of(7).padding(9).dilation(3), 1, 1, 2, 3, 9, 11);
    agree(Window.of(1, 5).stride(2, 1).padding(0, 2), 1, 1, 3, 4, 6, 7);
    agree(Window.of(5, 1).stride(1, 3).padding(2, 0).dilation(2, 1), 2, 3, 4, 6, 16, 17);
    agree(Window.of(3).padding(1), 6, 2, 6, 12, 5, 7);
    agree(Window.of(3).padding(1), 1, 1, 70, 5, 20, 20);
  }

  @Test
  void windowsWiderThanTheImageAgree() {
    agree(Window.of(7).padding(9).dilation(3), 1, 2, 2, 1, 2, 1);
  }

  @Test
  void manyPositionsAgree() {
    agree(Window.of(3).padding(1), 1, 2, 16, 8, 70, 65);
    agree(Window.of(3).padding(2).dilation(2).stride(2, 1), 2, 1, 32, 20, 90, 80);
    agree(Window.of(4).stride(4), 1, 1, 8, 3, 120, 124);
  }

  @Test
  void smallImagesOfABatchAgree() {
    agree(Window.of(3).padding(1), 1, 9, 70, 36, 6, 5);
    agree(Window.of(3).padding(1), 3, 11, 12, 9, 1, 2);
    agree(Window.of(5).padding(1).stride(2), 1, 7, 3, 5, 9, 8);
    agree(Window.of(2).padding(3).dilation(2), 1, 7, 3, 5, 3, 4);
    agree(Window.of(3, 2).stride(3, 2).padding(1), 1, 6, 5, 7, 6, 7);
  }

  @Test
  void anImageHasTheSameBitsInABatch() {
    var window = Window.of(3).padding(1);
    var x = normal(1, 0, 7, 6, 8, 9);
    var g = normal(2, 0, 7, 5, 8, 9);
    var weight = normal(3, 0, 5, 6, 3, 3);
    var bias = normal(4, 0, 5);
    var y = vector.forward(x, weight, bias, window, 1);
    var dx = vector.backwardInput(g, weight, window, 1, 8, 9);
    for (int i = 0; i < 7; i++) {
      var alone = x.get(NDArrayIndex.interval(i, i + 1)).dup('c');
      var upstream = g.get(NDArrayIndex.interval(i, i + 1)).dup('c');
      assertSame(y.slice(i).dup('c'), vector.forward(alone, weight, bias, window, 1), "y");
      assertSame(
          dx.slice(i).dup('c'), vector.backwardInput(upstream, weight, window, 1, 8, 9), "dx");
    }
  }

  private void agree(
      Window window, int groups, int batch, int channels, int outputs, int height, int width) {
    var x = normal(1, 0.1, batch, channels, height, width);
    var weight = normal(2, 0, outputs, channels / groups, window.height(), window.width());
    var bias = normal(4, 0, outputs);
    var expected = scalar.forward(x, weight, bias, window, groups);
    assertClose(expected, vector.forward(x, weight, bias, window, groups), 3e-5, "y " + window);
    var g = normal(3, 0, expected.shape());
    assertClose(
        scalar.backwardInput(g, weight, window, groups, height, width),
        vector.backwardInput(g, weight, window, groups, height, width),
        3e-5,
        "dx " + window);
    assertClose(
        scalar.backwardWeight(g, x, window, groups, weight.shape()),
        vector.backwardWeight(g, x, window, groups, weight.shape()),
        2e-4,
        "dw " + window);
  }
}
