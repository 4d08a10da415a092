// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static antaboga.kernel.Twins.assertClose;
import static antaboga.kernel.Twins.normal;

import antaboga.kernel.SoftmaxKernel.Form;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("vector")
class SoftmaxKernelTest {
  private final SoftmaxKernel scalar = Twins.body(SoftmaxKernel.providers(), "scalar");
  private final SoftmaxKernel vector = Twins.body(SoftmaxKernel.providers(), "vector");

  @ParameterizedTest
  @MethodSource("antaboga.kernel.Twins#sizes")
  void lastAxisAgrees(int n) {
    agree(41, n, 1);
  }

  @ParameterizedTest
  @MethodSource("antaboga.kernel.Twins#sizes")
  void innerAxisAgrees(int inner) {
    agree(3, 5, inner);
  }

  @Test
  void longAxesAgree() {
    agree(3, 20_000, 1);
    agree(2, 9_000, 3);
    agree(2, 3, 50_000);
  }

  private void agree(int outer, int n, int inner) {
    var x = normal(1, 100, outer, n, inner).mul(4);
    var g = normal(2, 0, outer, n, inner);
    for (var form : Form.values()) {
      var expected = scalar.forward(x, outer, n, inner, form);
      var actual = vector.forward(x, outer, n, inner, form);
      assertClose(expected, actual, 2e-6, "value " + form);
      assertClose(
          scalar.backward(g, expected, outer, n, inner, form),
          vector.backward(g, expected, outer, n, inner, form),
          1e-5,
          "gradient " + form);
    }
  }
}
