// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static antaboga.kernel.Twins.assertClose;
import static antaboga.kernel.Twins.normal;
import static org.junit.jupiter.api.Assertions.assertEquals;

import antaboga.kernel.GeluKernel.Form;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("vector")
class GeluKernelTest {
  private final GeluKernel scalar = Twins.body(GeluKernel.providers(), "scalar");
  private final GeluKernel vector = Twins.body(GeluKernel.providers(), "vector");

  @ParameterizedTest
  @MethodSource("antaboga.kernel.Twins#sizes")
  void bodiesAgree(int n) {
    for (var form : Form.values()) {
      var x = normal(1, 0, n, 2000 / n + 1).mul(3);
      var g = normal(2, 0, x.shape());
      assertClose(scalar.forward(x, form), vector.forward(x, form), 5e-7, "value " + form);
      assertClose(
          scalar.backward(g, x, form), vector.backward(g, x, form), 1e-6, "gradient " + form);
    }
  }

  @Test
  void exactAtOne() {
    var one = normal(1, 0, 1).assign(1);
    for (var kernel : new GeluKernel[] {scalar, vector}) {
      assertEquals(0.8413447, kernel.forward(one, Form.ERF).getDouble(0), 1e-7);
      assertEquals(0.8411920, kernel.forward(one, Form.TANH).getDouble(0), 1e-7);
    }
  }
}
