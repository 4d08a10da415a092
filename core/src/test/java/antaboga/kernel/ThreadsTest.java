// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static antaboga.kernel.Twins.assertSame;
import static antaboga.kernel.Twins.normal;

import antaboga.Window;
import antaboga.kernel.NormKernel.Layout;
import antaboga.kernel.NormKernel.Rule;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The same bits alone and on all threads: a kernel inside a task runs on that task's thread. */
class ThreadsTest {
  private static void sameAlone(Supplier<List<INDArray>> kernel) {
    var together = kernel.get();
    var alone = new ArrayList<INDArray>();
    Workers.run(
        2,
        task -> {
          if (task == 0) {
            alone.addAll(kernel.get());
          }
        });
    for (int i = 0; i < together.size(); i++) {
      assertSame(together.get(i), alone.get(i), "result " + i);
    }
  }

  @Test
  void layerNorm() {
    var x = normal(1, 0, 20_000, 33);
    var w = normal(2, 0, 33);
    var kernel = NormKernel.chosen();
    var layout = Layout.rows(20_000, 33, 1);
    sameAlone(
        () -> {
          var n = kernel.forward(x, w, w, layout, Rule.CENTRED, 1e-6);
          var back = kernel.backward(x, x, w, layout, Rule.CENTRED, n.mean(), n.scale());
          return List.of(n.y(), back.x(), back.weight(), back.bias());
        });
  }

  @Test
  void convolution() {
    var x = normal(1, 0, 2, 5, 60, 70);
    var w = normal(2, 0, 6, 5, 3, 3);
    var g = normal(3, 0, 2, 6, 60, 70);
    var window = Window.of(3).padding(1);
    var kernel = ConvolutionKernel.chosen();
    sameAlone(
        () ->
            List.of(
                kernel.forward(x, w, normal(4, 0, 6), window, 1),
                kernel.backwardInput(g, w, window, 1, 60, 70),
                kernel.backwardWeight(g, x, window, 1, w.shape())));
  }

  @Test
  void attention() {
    var x = normal(1, 0, 3, 300, 16);
    var kernel = AttentionKernel.chosen();
    sameAlone(
        () -> {
          var value = kernel.forward(x, x, x, null, 0.25);
          var back = kernel.backward(x, x, x, x, null, 0.25, value);
          return List.of(value.y(), back.q(), back.k(), back.v());
        });
  }

  @Test
  void depthwise() {
    var x = normal(1, 0, 2, 40, 50, 24);
    var w = normal(2, 0, 24, 1, 3, 3);
    var kernel = DepthwiseKernel.chosen();
    sameAlone(
        () -> {
          var back =
              kernel.backward(
                  x, x, w, Window.of(3).padding(1), DepthwiseKernel.Layout.CHANNELS_LAST);
          return List.of(back.x(), back.weight(), back.bias());
        });
  }
}
