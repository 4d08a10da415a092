// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class PointwiseTest {
  @ParameterizedTest
  @ValueSource(longs = {1, 3, 1000, 4095, 4096, 4097, 9001})
  void sumsWhatRepeatsItself(long period) {
    for (var type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
      long times = 20_000 / period + 2;
      var a = Nd4j.arange(0, (double) (times * period)).castTo(type).reshape(times, period);
      var b = Nd4j.arange(0, (double) period).castTo(type).mul(3);
      var expected =
          LongStream.range(0, times * period).mapToDouble(i -> i + 3 * (i % period)).toArray();
      assertArrayEquals(expected, Pointwise.sum(a, b).data().asDouble());
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 7, 4095, 4096, 4097, 9001})
  void sumsWhatRepeatsEachElement(long spread) {
    for (var type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
      long period = 5;
      long length = 3 * period * spread;
      var a = Nd4j.arange(0, (double) length).castTo(type);
      var b = Nd4j.arange(0, (double) period).castTo(type).mul(3);
      var expected =
          LongStream.range(0, length).mapToDouble(i -> i + 3 * (i / spread % period)).toArray();
      assertArrayEquals(expected, Pointwise.sum(a, b, spread).data().asDouble());
    }
  }
}
