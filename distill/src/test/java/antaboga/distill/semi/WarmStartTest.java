// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.Tensor;
import antaboga.nn.Layer;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class WarmStartTest {
  private static final Layer NONE = x -> x;

  /** Two images of 2 x 2: the first marked where it is bright, the second where it is dark. */
  private static final Tensor IMAGES =
      Tensor.of(new float[] {0.1f, 0.2f, 0.9f, 0.2f, 0.8f, 0.7f, 0.1f, 0.6f}, 2, 1, 2, 2);

  private static final Tensor MASK = Tensor.of(new float[] {0, 0, 1, 0, 0, 0, 1, 0}, 2, 1, 2, 2);

  @Test
  void imagesAreTurnedUntilTheirLesionsAreAsBrightAsThoseToFind() {
    var bright = new WarmStart(NONE, 1).turned(IMAGES, MASK, new SplittableRandom(1)).toFloats();
    assertArrayEquals(new float[] {0.1f, 0.2f, 0.9f, 0.2f, 0.2f, 0.3f, 0.9f, 0.4f}, bright, 1e-6f);
    var dark = new WarmStart(NONE, 0).turned(IMAGES, MASK, new SplittableRandom(1)).toFloats();
    assertArrayEquals(new float[] {0.9f, 0.8f, 0.1f, 0.8f, 0.8f, 0.7f, 0.1f, 0.6f}, dark, 1e-6f);
  }

  @Test
  void ofMixedLesionsAShareIsBright() {
    int bright = 0;
    var random = new SplittableRandom(7);
    for (int i = 0; i < 400; i++) {
      var turned = new WarmStart(NONE, 0.25).turned(IMAGES, MASK, random).toFloats();
      bright += turned[2] > 0.5 ? 1 : 0;
      bright += turned[6] > 0.5 ? 1 : 0;
    }
    assertTrue(bright > 160 && bright < 240, bright + " of 800");
  }

  @Test
  void aShareOutsideZeroToOneIsRefused() {
    var e = assertThrows(IllegalArgumentException.class, () -> new WarmStart(NONE, 1.5));
    assertEquals("warm start: share 1.5, expected 0 to 1", e.getMessage());
  }
}
