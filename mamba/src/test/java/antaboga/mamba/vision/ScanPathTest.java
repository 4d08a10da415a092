// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import antaboga.GradCheck;
import antaboga.Tensor;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class ScanPathTest {
  @Test
  void everyOrderVisitsEveryPositionOnce() {
    for (var path : ScanPath.values()) {
      var orders = path.orders(3, 5);
      assertEquals(4, orders.size());
      for (var order : orders) {
        var sorted = order.clone();
        Arrays.sort(sorted);
        assertArrayEquals(IntStream.range(0, 15).toArray(), sorted);
      }
    }
  }

  @Test
  void crossGoesByRowsAndByColumns() {
    var orders = ScanPath.CROSS.orders(2, 3);
    assertArrayEquals(new int[] {0, 1, 2, 3, 4, 5}, orders.get(0));
    assertArrayEquals(new int[] {0, 3, 1, 4, 2, 5}, orders.get(1));
    assertArrayEquals(new int[] {5, 4, 3, 2, 1, 0}, orders.get(2));
    assertArrayEquals(new int[] {5, 2, 4, 1, 3, 0}, orders.get(3));
  }

  @Test
  void scanAndMergeHaveGradients() {
    var random = new SplittableRandom(1);
    var x = Tensor.normal(random, 2, 2, 2, 3).to(DataType.DOUBLE);
    var y = Tensor.normal(random, 2, 4, 2, 6).to(DataType.DOUBLE);
    for (var path : ScanPath.values()) {
      GradCheck.of(in -> CrossScan.scan(path, in[0]), x).requireBelow(1e-6);
      GradCheck.of(in -> CrossScan.merge(path, in[0], 2, 3), y).requireBelow(1e-6);
    }
  }
}
