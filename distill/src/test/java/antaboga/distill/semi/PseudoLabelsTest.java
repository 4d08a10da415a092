// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.GradCheck;
import antaboga.Tensor;
import antaboga.distill.Draw;
import antaboga.distill.semi.PseudoLabels.Box;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PseudoLabelsTest {
  private static final PseudoLabels LABELS = new PseudoLabels(4, 0.7, 0);

  private static Tensor mask(Box... boxes) {
    var values = new float[16 * 16];
    for (var box : boxes) {
      for (int y = (int) box.y0(); y <= box.y1(); y++) {
        for (int x = (int) box.x0(); x <= box.x1(); x++) {
          values[16 * y + x] = 0.9f;
        }
      }
    }
    return Tensor.of(values, 16, 16);
  }

  @Test
  void theLargestComponentGivesTheBox() {
    var large = new Box(5, 6, 10, 9);
    var p = mask(new Box(0, 0, 2, 2), large);
    assertEquals(Optional.of(large), LABELS.box(p, p, new Random(1)));
  }

  @Test
  void anUnsteadyOpinionGivesNone() {
    var p = mask(new Box(2, 2, 9, 9));
    assertTrue(LABELS.box(p, mask(new Box(2, 2, 9, 6)), new Random(1)).isEmpty());
    assertTrue(LABELS.box(p, mask(new Box(2, 2, 9, 8)), new Random(1)).isPresent());
  }

  @Test
  void fewPixelsOrNoneGiveNoBox() {
    var dot = mask(new Box(3, 3, 3, 5));
    assertTrue(LABELS.box(dot, dot, new Random(1)).isEmpty());
    assertTrue(LABELS.box(mask(), mask(), new Random(1)).isEmpty());
  }

  @Test
  void sidesMoveOutwardWithinTheImage() {
    var p = mask(new Box(1, 8, 14, 12));
    var box = new PseudoLabels(4, 0.7, 0.25).box(p, p, new Random(2)).orElseThrow();
    assertTrue(box.x0() >= 0 && box.x0() <= 1 && box.y0() >= 4 && box.y0() <= 8, "" + box);
    assertTrue(box.x1() >= 14 && box.x1() <= 15 && box.y1() >= 12 && box.y1() <= 15, "" + box);
  }

  @Test
  void gradientsAgreeWithDifferences() {
    var teacher = Draw.uniform(new Random(3), 0, 1, 1, 1, 4, 4);
    GradCheck.of(in -> LABELS.of(in[0], teacher), Draw.normal(new Random(4), 1, 1, 4, 4))
        .requireBelow(1e-6);
  }
}
