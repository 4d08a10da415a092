// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static antaboga.kernel.Twins.assertClose;
import static antaboga.kernel.Twins.normal;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import antaboga.kernel.AttentionKernel.Relative;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;

@Tag("vector")
class AttentionKernelTest {
  private final AttentionKernel scalar = Twins.body(AttentionKernel.providers(), "scalar");
  private final AttentionKernel vector = Twins.body(AttentionKernel.providers(), "vector");

  @ParameterizedTest
  @MethodSource("antaboga.kernel.Twins#sizes")
  void bodiesAgreeOnAnyNumberOfKeys(int keys) {
    agree(5, keys, 7, 7, null);
  }

  @ParameterizedTest
  @MethodSource("antaboga.kernel.Twins#sizes")
  void bodiesAgreeOnAnyNumberOfQueries(int queries) {
    agree(queries, 9, 16, 3, null);
  }

  @ParameterizedTest
  @MethodSource("antaboga.kernel.Twins#sizes")
  void bodiesAgreeOnAnyWidth(int d) {
    agree(6, 10, d, d, null);
  }

  @Test
  void bodiesAgreeWithRelativePositions() {
    for (int w : new int[] {1, 3, 14, 20, 50}) {
      int queries = 70;
      int h = 6;
      var rows = normal(6, 0, 2, queries, h);
      var columns = normal(7, 0, 2, queries, w);
      agree(queries, h * w, 16, 16, new Relative(rows, columns));
    }
  }

  @Test
  void manyQueriesAndKeysAgree() {
    agree(600, 700, 8, 8, null);
  }

  private void agree(int queries, int keys, int d, int e, @Nullable Relative relative) {
    double scale = 1 / Math.sqrt(d);
    var q = normal(1, 0.5, 2, queries, d).mul(3);
    var k = normal(2, 0.5, 2, keys, d);
    var v = normal(3, 0, 2, keys, e);
    var expected = scalar.forward(q, k, v, relative, scale);
    var actual = vector.forward(q, k, v, relative, scale);
    assertClose(expected.y(), actual.y(), 1e-5, "y");
    assertClose(expected.logSums(), actual.logSums(), 1e-5, "log sums");
    INDArray g = normal(4, 0, 2, queries, e);
    var there = scalar.backward(g, q, k, v, relative, scale, expected);
    var here = vector.backward(g, q, k, v, relative, scale, expected);
    assertClose(there.q(), here.q(), 5e-5, "dq");
    assertClose(there.k(), here.k(), 2e-4, "dk");
    assertClose(there.v(), here.v(), 5e-5, "dv");
    if (relative != null) {
      var expectedTerms = assertNotNullAndGet(there.relative());
      var actualTerms = assertNotNullAndGet(here.relative());
      assertClose(expectedTerms.rows(), actualTerms.rows(), 5e-5, "drows");
      assertClose(expectedTerms.columns(), actualTerms.columns(), 5e-5, "dcolumns");
    }
  }

  private static Relative assertNotNullAndGet(@Nullable Relative relative) {
    assertNotNull(relative);
    return relative;
  }
}
