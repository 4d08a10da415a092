// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.nn.data.SplineResize.Boundary;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SplineResizeTest {
  private static double[][] random(int n) {
    var random = new SplittableRandom(n);
    var plane = new double[n];
    Arrays.setAll(plane, i -> random.nextDouble(255));
    return new double[][] {plane};
  }

  @Test
  void sameSizeChangesNothing() {
    for (var boundary : Boundary.values()) {
      var x = random(7 * 9);
      var y = SplineResize.cubic(x, 7, 9, 7, 9, boundary);
      assertArrayEquals(x[0], y[0], 1e-9, boundary.name());
    }
  }

  @Test
  void aFlatImageStaysFlat() {
    var flat = new double[][] {new double[12 * 10]};
    Arrays.fill(flat[0], 7);
    var small = SplineResize.cubic(flat, 12, 10, 5, 4, Boundary.MIRROR)[0];
    for (double v : small) {
      assertEquals(7, v, 1e-12);
    }
  }

  @Test
  void staysInTheRangeOfTheImage() {
    var x = random(11 * 6);
    var y = SplineResize.cubic(x, 11, 6, 30, 31, Boundary.MIRROR)[0];
    double low = Arrays.stream(x[0]).min().orElseThrow();
    double high = Arrays.stream(x[0]).max().orElseThrow();
    assertTrue(Arrays.stream(y).allMatch(v -> v >= low && v <= high));
  }

  @Test
  void labelsTakeThePixelThatHoldsTheirCentre() {
    var labels = new byte[] {1, 2, 3, 4};
    assertArrayEquals(
        new byte[] {1, 1, 2, 2, 3, 3, 4, 4}, SplineResize.nearest(labels, 1, 4, 1, 8));
    assertArrayEquals(new byte[] {2, 4}, SplineResize.nearest(labels, 1, 4, 1, 2));
  }

  @Test
  void windowsLimitAndStretch() {
    var bytes = IntensityWindow.softTissue().apply(new float[] {-1000, -160, 40, 240, 3000});
    assertArrayEquals(new byte[] {0, 0, 127, (byte) 255, (byte) 255}, bytes);
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> IntensityWindow.softTissue().apply(new float[] {Float.NaN}));
    assertTrue(e.toString().contains("NaN"), e.toString());
    assertThrows(IllegalArgumentException.class, () -> new IntensityWindow.Level(0, 0));
    assertThrows(IllegalArgumentException.class, () -> new IntensityWindow.Percentiles(9, 1));
    assertThrows(
        IllegalArgumentException.class, () -> IntensityWindow.percentiles().apply(new float[3]));
  }
}
