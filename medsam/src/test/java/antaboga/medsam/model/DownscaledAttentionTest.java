// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.nn.Weights;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;

class DownscaledAttentionTest {
  private static final int CHANNELS = 16;

  private final DownscaledAttention attention =
      new DownscaledAttention(Weights.init(7), CHANNELS, 2, 2);
  private final Random random = new Random(3);

  private Tensor tokens(long batch, long count) {
    return Tensor.normal(random, batch, count, CHANNELS);
  }

  private static void assertClose(Tensor expected, Tensor y) {
    assertArrayEquals(expected.shape().toArray(), y.shape().toArray());
    assertArrayEquals(
        expected.to(DataType.DOUBLE).toDoubles(), y.to(DataType.DOUBLE).toDoubles(), 2e-6);
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 32", "1, 3, 50", "3, 2, 33", "2, 7, 40"})
  void fewQueriesTakeTheImagesMatricesUpon(long batch, long few, long many) {
    var q = tokens(batch, few);
    var k = tokens(batch, many);
    var v = tokens(batch, many);
    assertClose(attention.projected(q, k, v), attention.fewQueries(q, k, v));
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 32", "1, 3, 50", "3, 2, 33", "2, 7, 40"})
  void fewKeysTakeTheImagesMatricesUpon(long batch, long few, long many) {
    var q = tokens(batch, many);
    var k = tokens(batch, few);
    var v = tokens(batch, few);
    assertClose(attention.projected(q, k, v), attention.fewKeys(q, k, v));
  }

  @ParameterizedTest
  @CsvSource({"2, 32", "2, 31", "4, 64"})
  void trainingGivesTheSameValues(long few, long many) {
    var x = tokens(1, few);
    var image = tokens(1, many);
    var outside = attention.forward(x, image, image);
    var back = attention.forward(image, x, x);
    try (var tape = new Tape(1)) {
      tape.watch(x);
      assertClose(attention.forward(x, image, image), outside);
      assertClose(attention.forward(image, x, x), back);
    }
  }
}
