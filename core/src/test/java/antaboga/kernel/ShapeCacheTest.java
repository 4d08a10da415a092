// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import antaboga.Tensor;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class ShapeCacheTest {
  @Test
  void nd4jTakesIt() {
    assertEquals(1, Tensor.scalar(1).shape().elements());
    assertInstanceOf(ShapeCache.class, Nd4j.getShapeInfoProvider());
  }

  @Test
  void arraysOfOneShapeShareItsDescription() {
    var a = Tensor.scalar(1).array().broadcast(3, 5);
    var b = Nd4j.create(DataType.FLOAT, 7, 11);
    assertSame(Nd4j.create(DataType.FLOAT, 7, 11).shapeInfoDataBuffer(), b.shapeInfoDataBuffer());
    assertNotSame(
        Nd4j.create(DataType.DOUBLE, 7, 11).shapeInfoDataBuffer(), b.shapeInfoDataBuffer());
    assertNotSame(
        Nd4j.create(DataType.FLOAT, new long[] {7, 11}, 'f').shapeInfoDataBuffer(),
        b.shapeInfoDataBuffer());
    assertArrayEquals(new long[] {3, 5}, a.shape());
  }

  @Test
  void aShapeThatChangesLaterIsNotRemembered() {
    var shape = new long[] {2, 13};
    assertEquals(13, Nd4j.create(DataType.FLOAT, shape, 'c').size(1));
    shape[1] = 17;
    assertEquals(17, Nd4j.create(DataType.FLOAT, shape, 'c').size(1));
    assertEquals(13, Nd4j.create(DataType.FLOAT, new long[] {2, 13}, 'c').size(1));
  }

  @Test
  void whatIsTooMuchIsForgottenAndStillRight() {
    var cache = new ShapeCache();
    for (int n = 1; n <= ShapeCache.MOST + 10; n++) {
      var found =
          cache.createShapeInformation(
              new long[] {n}, new long[] {1}, 1, 'c', DataType.FLOAT, false);
      assertEquals(n, found.getSecond()[1]);
    }
    var last = new long[] {ShapeCache.MOST + 5};
    assertNotSame(
        cache.createShapeInformation(last, new long[] {1}, 1, 'c', DataType.FLOAT, false),
        cache.createShapeInformation(last, new long[] {1}, 1, 'c', DataType.FLOAT, false));
    cache.purgeCache();
    assertSame(
        cache.createShapeInformation(last, new long[] {1}, 1, 'c', DataType.FLOAT, false),
        cache.createShapeInformation(last, new long[] {1}, 1, 'c', DataType.FLOAT, false));
  }
}
