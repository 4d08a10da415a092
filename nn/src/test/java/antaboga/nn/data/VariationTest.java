// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class VariationTest {
  private static final int SIDE = 32;

  /** A smooth bump, white at its middle: of one channel it is a mask's neighbour as well. */
  private static Tensor bumps(int images, int channels) {
    var values = new float[images * channels * SIDE * SIDE];
    for (int i = 0; i < values.length; i++) {
      int image = i / (channels * SIDE * SIDE);
      double y = i / SIDE % SIDE - 13 - image;
      double x = i % SIDE - 17;
      values[i] = (float) Math.exp(-(x * x + 2 * y * y) / 60);
    }
    return Tensor.of(values, images, channels, SIDE, SIDE);
  }

  private static Tensor mask(Tensor images) {
    var values = images.slice(1, 0, 1).toFloats();
    for (int i = 0; i < values.length; i++) {
      values[i] = values[i] > 0.5f ? 1 : 0;
    }
    return Tensor.of(values, images.size(0), 1, SIDE, SIDE);
  }

  private static MixedBatch batch() {
    var labelled = bumps(2, 3);
    var view = View.whole("a", false);
    return new MixedBatch(
        labelled, mask(labelled), List.of(view, view), bumps(3, 3), List.of(view, view, view));
  }

  private static double apart(Tensor a, Tensor b) {
    var x = a.toFloats();
    var y = b.toFloats();
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += Math.abs(x[i] - y[i]);
    }
    return sum / x.length;
  }

  @Test
  void theSameSeedGivesTheSameWarp() {
    var x = bumps(4, 2);
    var warp = Warp.draw(4, 1, 5);
    assertArrayEquals(warp.of(x).toFloats(), Warp.draw(4, 1, 5).of(x).toFloats());
    assertTrue(apart(warp.of(x), Warp.draw(4, 1, 6).of(x)) > 0.02);
    assertArrayEquals(
        warp.of(x).slice(0, 1, 3).toFloats(), warp.slice(1, 3).of(x.slice(0, 1, 3)).toFloats());
  }

  @Test
  void aShareOfNoneLeavesImagesAlone() {
    var x = bumps(2, 1);
    assertSame(x, Warp.draw(2, 0, 5).of(x));
    assertTrue(Warp.none(2).isNone());
    assertFalse(Warp.draw(2, 1, 5).isNone());
    var batch = batch();
    assertSame(batch, Variation.none().of(batch, 1, 2));
  }

  @Test
  void coarseMapsFollowFineOnes() {
    var warp = Warp.draw(2, 1, 9);
    var fine = bumps(2, 1);
    var window = antaboga.Window.of(4).stride(4);
    var coarse = fine.avgPool2d(window);
    double warped = apart(warp.of(coarse), warp.of(fine).avgPool2d(window));
    double left = apart(coarse, warp.of(fine).avgPool2d(window));
    assertTrue(warped < 0.3 * left, warped + " of " + left);
  }

  @Test
  void masksFollowTheirImages() {
    var batch = batch();
    var varied = new Variation(1, 1, 0).of(batch, 3, 7);
    assertTrue(apart(batch.mask(), varied.mask()) > 0.01);
    assertTrue(apart(mask(varied.labelled()), varied.mask()) < 0.01);
    for (float v : varied.mask().toFloats()) {
      assertTrue(v == 0 || v == 1);
    }
    assertSame(batch.labelled(), varied.laid().labelled());
    var again = varied.laid().unlabelledWarp().of(varied.laid().unlabelled());
    assertArrayEquals(varied.unlabelled().toFloats(), again.toFloats());
  }

  @Test
  void brightnessStaysInRange() {
    var batch = batch();
    var varied = new Variation(0, 2, 0.1).of(batch, 3, 7);
    assertArrayEquals(batch.mask().toFloats(), varied.mask().toFloats());
    assertTrue(apart(batch.labelled(), varied.labelled()) > 0.01);
    for (float v : varied.unlabelled().toFloats()) {
      assertTrue(v >= 0 && v <= 1, Float.toString(v));
    }
    var other = new Variation(0, 2, 0.1).of(batch, 4, 7);
    assertTrue(apart(other.labelled(), varied.labelled()) > 0.001);
    assertEquals(Shape.of(3, 3, SIDE, SIDE), other.unlabelled().shape());
  }

  @Test
  void rejectsWhatDoesNotFit() {
    var e = assertThrows(ShapeException.class, () -> Warp.none(2).of(bumps(3, 1)));
    assertTrue(e.toString().contains("(2, C, H, W)"), e.toString());
    assertThrows(IllegalArgumentException.class, () -> new Variation(1.1, 1, 0));
    assertThrows(IllegalArgumentException.class, () -> new Variation(0, 0.9, 0));
    assertThrows(IllegalArgumentException.class, () -> new Variation(0, 1, -1));
  }
}
