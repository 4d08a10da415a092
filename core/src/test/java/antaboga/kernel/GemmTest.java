// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class GemmTest {
  /** Sizes whose last block is smaller than the others, of either type. */
  @Test
  void blocksOfUnequalSizeGiveTheWholeProduct() {
    for (var type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
      for (int[] size : new int[][] {{1, 1, 1}, {17, 5, 3}, {1101, 40, 170}, {1601, 3, 769}}) {
        var a = Twins.fill(type, 1, 0, size[0], size[1]);
        var b = Twins.fill(type, 2, 0, size[2], size[1]);
        var out = Twins.fill(type, 3, 0, size[0], size[2]);
        var before = Scalars.all(out);
        Gemm.into(out, a, false, b, true, 2, 1);
        var after = Scalars.all(out);
        for (int i = 0; i < size[0]; i += 1 + size[0] / 50) {
          for (int j = 0; j < size[2]; j += 1 + size[2] / 50) {
            double sum = before[i * size[2] + j];
            for (int k = 0; k < size[1]; k++) {
              sum += 2 * a.getDouble(i, k) * b.getDouble(j, k);
            }
            assertEquals(sum, after[i * size[2] + j], 1e-4, type + Arrays.toString(size));
          }
        }
      }
    }
  }

  @Test
  void bitsOfARowOfDoublesDoNotDependOnTheOthers() {
    for (int inner : new int[] {1, 5, 24, 100, 513}) {
      var a = Twins.fill(DataType.DOUBLE, 1, 0, 37, inner);
      var b = Twins.fill(DataType.DOUBLE, 2, 0, 11, inner);
      var all = Scalars.all(Gemm.product(a, false, b, true));
      var rows = Scalars.all(a);
      for (int i = 0; i < 37; i++) {
        var row = Twins.fill(DataType.DOUBLE, 1, 0, 1, inner);
        Tiles.of(row).write(0, rows, i * inner, inner);
        var alone = Scalars.all(Gemm.product(row, false, b, true));
        assertArrayEquals(Arrays.copyOfRange(all, i * 11, i * 11 + 11), alone);
      }
    }
  }
}
