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
  }
}
