// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static antaboga.kernel.Twins.assertClose;
import static antaboga.kernel.Twins.normal;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("vector")
class ResampleKernelTest {
  private final ResampleKernel scalar = Twins.body(ResampleKernel.providers(), "scalar");
  private final ResampleKernel vector = Twins.body(ResampleKernel.providers(), "vector");

  @ParameterizedTest
  @MethodSource("antaboga.kernel.Twins#sizes")
  void bodiesAgree(int size) {
    for (int outputs : new int[] {1, 5, 16, 40}) {
      var samplings =
          List.of(
              Sampling.linear(size, outputs, false, 0),
              Sampling.linear(size, outputs, true, 0),
              Sampling.cubic(size, outputs, false, 0),
              Sampling.nearest(size, outputs, 0),
              Sampling.antialiased(size, outputs, false, false, 0),
              Sampling.antialiased(size, outputs, true, false, 0));
      for (var horizontal : samplings) {
        var vertical = Sampling.linear(6, 9, false, 0);
        var x = normal(1, 0, 2, 3, 6, size);
        var expected = scalar.forward(x, vertical, horizontal);
        assertClose(expected, vector.forward(x, vertical, horizontal), 2e-6, "y");
        var g = normal(2, 0, expected.shape());
        assertClose(
            scalar.backward(g, vertical, horizontal),
            vector.backward(g, vertical, horizontal),
            1e-5,
            "dx");
      }
    }
  }
}
