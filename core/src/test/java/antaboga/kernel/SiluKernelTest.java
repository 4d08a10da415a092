// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("vector")
class SiluKernelTest {
  static IntStream sizes() {
    return IntStream.concat(Twins.sizes(), IntStream.of(4095, 4097, 70_001));
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void bodiesAgree(int size) {
    var scalar = Twins.body(SiluKernel.providers(), "scalar");
    var vector = Twins.body(SiluKernel.providers(), "vector");
    var x = Twins.normal(size, 0.5, size).mul(4);
    var g = Twins.normal(size + 1, 0, size);
    Twins.assertClose(scalar.forward(x), vector.forward(x), 1e-6, "value");
    Twins.assertClose(scalar.backward(g, x), vector.backward(g, x), 2e-6, "gradient");
    var y = Twins.normal(size + 2, 0, size);
    Twins.assertClose(scalar.gate(y, x), vector.gate(y, x), 2e-6, "gated");
    var expected = scalar.gateBackward(g, y, x);
    var actual = vector.gateBackward(g, y, x);
    Twins.assertClose(expected[0], actual[0], 4e-6, "gradient of the gated");
    Twins.assertClose(expected[1], actual[1], 4e-6, "gradient of the gate");
  }
}
