// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import antaboga.Shape;
import antaboga.ShapeException;
import org.junit.jupiter.api.Test;

class ImageTest {
  @Test
  void rejectsWrongNumberOfBytes() {
    assertThrows(ShapeException.class, () -> Image.rgb(2, 3, new byte[17]));
  }

  @Test
  void preparedSpansZeroToOne() {
    var bytes = new byte[20 * 30];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (40 + i % 90);
    }
    var prepared = Image.grey(20, 30, bytes).prepared(32);
    assertEquals(Shape.of(1, 3, 32, 32), prepared.shape());
    float min = 1;
    float max = 0;
    for (float v : prepared.toFloats()) {
      min = Math.min(min, v);
      max = Math.max(max, v);
    }
    assertEquals(0, min);
    assertEquals(1, max);
  }

  @Test
  void imageOfOneValueIsZero() {
    var prepared = Image.grey(2, 2, new byte[] {7, 7, 7, 7}).preparedForTraining(4);
    assertArrayEquals(new float[48], prepared.toFloats(), 1e-3f);
  }

  @Test
  void channelsStayApart() {
    var image = Image.rgb(1, 2, new byte[] {1, 2, 3, 4, 5, (byte) 250});
    assertEquals(250, image.value(2, 0, 1));
    assertEquals(4, image.value(0, 0, 1));
  }

  @Test
  void longestSideKeepsTheAspectRatio() {
    var resized = new LongestSide(64).resize(Image.grey(10, 40, new byte[400]));
    assertEquals(16, resized.height());
    assertEquals(64, resized.width());
    assertEquals(
        Shape.of(1, 3, 64, 64),
        new LongestSide(64).prepared(Image.grey(10, 40, new byte[400])).shape());
  }

  @Test
  void longestSideLeavesAPixelOfTheShorter() {
    var longest = new LongestSide(64);
    assertEquals(1, longest.resize(Image.grey(2, 400, new byte[800])).height());
    assertEquals(1, longest.resize(Image.grey(400, 2, new byte[800])).width());
    assertEquals(
        Shape.of(1, 3, 64, 64), longest.prepared(Image.grey(2, 400, new byte[800])).shape());
  }
}
