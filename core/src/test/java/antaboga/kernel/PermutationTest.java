// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import antaboga.ops.Arrays;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class PermutationTest {
  private static final DataType[] TYPES = {DataType.FLOAT, DataType.DOUBLE, DataType.INT64};

  @Test
  void everyOrderOfFourAxes() {
    for (var type : TYPES) {
      var x = counted(type, 3, 5, 2, 7);
      orders(4).forEach(order -> assertPermuted(x, order));
    }
  }

  @Test
  void ordersDrawnForManyShapes() {
    var random = new Random(4);
    for (int i = 0; i < 200; i++) {
      int rank = 1 + random.nextInt(6);
      var shape = random.longs(rank, 1, rank > 3 ? 6 : 70).toArray();
      var order = new ArrayList<>(IntStream.range(0, rank).boxed().toList());
      Collections.shuffle(order, random);
      assertPermuted(counted(TYPES[i % 2], shape), order.stream().mapToInt(axis -> axis).toArray());
    }
  }

  @Test
  void longRunsAndLargePlanes() {
    assertPermuted(counted(DataType.FLOAT, 2, 3, 9001), 1, 0, 2);
    assertPermuted(counted(DataType.FLOAT, 700, 301), 1, 0);
    assertPermuted(counted(DataType.DOUBLE, 300, 2, 401), 2, 1, 0);
  }

  @Test
  void whatStaysInPlaceIsNotCopied() {
    var x = counted(DataType.FLOAT, 4, 1, 6);
    assertSame(x.data(), Permutation.of(x, 1, 0, 2).data());
  }

  private static INDArray counted(DataType type, long... shape) {
    double elements = (double) LongStream.of(shape).reduce(1, (a, b) -> a * b);
    return Nd4j.arange(0, elements).castTo(type).reshape('c', shape);
  }

  private static void assertPermuted(INDArray x, int... order) {
    var expected = x.permute(order).dup('c');
    var actual = Permutation.of(x, order);
    assertArrayEquals(expected.shape(), actual.shape());
    assertEquals(x.dataType(), actual.dataType());
    assertSame(actual, Arrays.contiguous(actual));
    assertArrayEquals(
        expected.data().asDouble(),
        java.util.Arrays.copyOf(actual.data().asDouble(), (int) x.length()),
        () -> java.util.Arrays.toString(x.shape()) + java.util.Arrays.toString(order));
  }

  private static List<int[]> orders(int rank) {
    if (rank == 0) {
      return List.of(new int[0]);
    }
    var all = new ArrayList<int[]>();
    for (var shorter : orders(rank - 1)) {
      for (int at = 0; at < rank; at++) {
        var order = IntStream.of(shorter).boxed().collect(Collectors.toList());
        order.add(at, rank - 1);
        all.add(order.stream().mapToInt(axis -> axis).toArray());
      }
    }
    return all;
  }
}
