// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class BoxTest {
  @Test
  void namesTheSidesOfAnEmptyBox() {
    refused("box (5, 5, 5, 9) is empty", () -> new Box(5, 5, 5, 9));
  }

  @Test
  void saysThatCornersAreSwapped() {
    refused("box (9, 5, 5, 9) is inverted", () -> new Box(9, 5, 5, 9));
  }

  @Test
  void refusesNaN() {
    refused("finite", () -> new Box(0, 0, Double.NaN, 1));
  }

  @Test
  void saysThatABoxLiesOutside() {
    refused(
        "lies outside the image of 30 x 20 (width x height)",
        () -> new Box(40, 0, 50, 10).within(20, 30));
  }

  @Test
  void saysHowToClipABoxThatReachesBeyond() {
    refused("use clipped(20, 30)", () -> new Box(25, 5, 31.5, 10).within(20, 30));
    assertEquals(new Box(25, 5, 30, 10), new Box(25, 5, 31.5, 10).clipped(20, 30));
  }

  @Test
  void wholeImageIsWithin() {
    assertEquals(new Box(0, 0, 30, 20), new Box(0, 0, 30, 20).within(20, 30));
  }

  @Test
  void jitterMovesSidesOutwardAndStaysInside() {
    var random = new SplittableRandom(3);
    var box = new Box(2, 10, 12, 18);
    for (int i = 0; i < 200; i++) {
      var moved = box.jittered(random, 5, 20, 30);
      assertTrue(moved.x0() <= 2 && moved.x0() >= 0, moved::toString);
      assertTrue(moved.x1() >= 12 && moved.x1() <= 17, moved::toString);
      assertTrue(moved.y0() <= 10 && moved.y0() >= 5, moved::toString);
      assertTrue(moved.y1() >= 18 && moved.y1() <= 20, moved::toString);
    }
  }

  @Test
  void tensorHasARowForEachBox() {
    var tensor = Box.tensor(List.of(new Box(1, 2, 3, 4), new Box(5, 6, 7, 8)));
    assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, tensor.toFloats());
    assertEquals(4, tensor.size(1));
  }

  private static void refused(String message, Executable call) {
    var error = assertThrows(IllegalArgumentException.class, call);
    assertTrue(String.valueOf(error.getMessage()).contains(message), error::getMessage);
  }
}
