// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.apache.commons.math3.special.Erf;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("vector")
class VectorMathTest {
  private static final List<VectorSpecies<Float>> WIDTHS =
      List.of(FloatVector.SPECIES_128, FloatVector.SPECIES_256, FloatVector.SPECIES_512);

  /** The largest error in units of the last place, over every 997th float of the range. */
  private static double ulps(
      UnaryOperator<FloatVector> function, DoubleUnaryOperator exact, float from, float to) {
    var species = FloatVector.SPECIES_256;
    double worst = 0;
    var x = new float[species.length()];
    int first = ordered(from);
    int last = ordered(to);
    for (long at = first; at <= last; ) {
      for (int i = 0; i < x.length; i++, at += 997) {
        x[i] = fromOrdered((int) Math.min(at, last));
      }
      var y = function.apply(FloatVector.fromArray(species, x, 0)).toArray();
      for (int i = 0; i < x.length; i++) {
        double expected = exact.applyAsDouble(x[i]);
        worst = Math.max(worst, Math.abs(y[i] - expected) / Math.ulp((float) expected));
      }
    }
    return worst;
  }

  /** Bits as an integer that grows with the float. */
  private static int ordered(float x) {
    int bits = Float.floatToRawIntBits(x);
    return bits >= 0 ? bits : Integer.MIN_VALUE - bits;
  }

  private static float fromOrdered(int order) {
    return Float.intBitsToFloat(order >= 0 ? order : Integer.MIN_VALUE - order);
  }

  private static float at(UnaryOperator<FloatVector> function, double x) {
    return function.apply(FloatVector.broadcast(FloatVector.SPECIES_128, (float) x)).lane(0);
  }

  private static void assertWithin(double limit, double ulps) {
    assertTrue(ulps <= limit, () -> "error of " + ulps + " ulp, expected at most " + limit);
  }

  @Test
  void expIsAccurateWhereItIsFinite() {
    assertWithin(1.5, ulps(VectorMath::exp, Math::exp, -103f, 88.7228f));
  }

  @Test
  void expOverflowsAndVanishesAsItShould() {
    assertEquals(Float.POSITIVE_INFINITY, at(VectorMath::exp, 88.73));
    assertEquals(Float.POSITIVE_INFINITY, at(VectorMath::exp, Double.POSITIVE_INFINITY));
    assertEquals(0f, at(VectorMath::exp, -104));
    assertEquals(0f, at(VectorMath::exp, Double.NEGATIVE_INFINITY));
    assertEquals(1f, at(VectorMath::exp, 0));
  }

  @Test
  void softplusIsAccurateAndTheIdentityAboveItsThreshold() {
    assertWithin(
        2.5, ulps(VectorMath::softplus, x -> x > 20 ? x : Math.log1p(Math.exp(x)), -87f, 1e30f));
    assertEquals(20.5f, at(VectorMath::softplus, 20.5));
    assertEquals(Float.POSITIVE_INFINITY, at(VectorMath::softplus, Double.POSITIVE_INFINITY));
  }

  @Test
  void sigmoidAndSiluAreAccurate() {
    assertWithin(2.5, ulps(VectorMath::sigmoid, x -> 1 / (1 + Math.exp(-x)), -87f, 1e30f));
    assertWithin(3, ulps(VectorMath::silu, x -> x / (1 + Math.exp(-x)), -80f, 1e30f));
    assertEquals(0f, at(VectorMath::sigmoid, Double.NEGATIVE_INFINITY));
    assertEquals(1f, at(VectorMath::sigmoid, Double.POSITIVE_INFINITY));
  }

  @Test
  void erfIsAccurate() {
    assertWithin(2, ulps(VectorMath::erf, Erf::erf, -6f, -1e-30f));
    assertWithin(2, ulps(VectorMath::erf, Erf::erf, 1e-30f, 6f));
    assertEquals(-1f, at(VectorMath::erf, Double.NEGATIVE_INFINITY));
  }

  @Test
  void tanhIsAccurate() {
    assertWithin(2, ulps(VectorMath::tanh, Math::tanh, -1e30f, -1e-30f));
    assertWithin(2, ulps(VectorMath::tanh, Math::tanh, 1e-30f, 1e30f));
    assertEquals(-1f, at(VectorMath::tanh, Double.NEGATIVE_INFINITY));
  }

  @Test
  void notANumberPasses() {
    for (UnaryOperator<FloatVector> function :
        List.<UnaryOperator<FloatVector>>of(
            VectorMath::exp,
            VectorMath::softplus,
            VectorMath::sigmoid,
            VectorMath::silu,
            VectorMath::erf,
            VectorMath::tanh)) {
      assertTrue(Float.isNaN(at(function, Double.NaN)));
    }
  }

  @Test
  void everyWidthGivesTheSameBits() {
    var x = new float[16];
    for (int i = 0; i < x.length; i++) {
      x[i] = (i - 8) * 0.37f;
    }
    var expected = VectorMath.softplus(FloatVector.fromArray(FloatVector.SPECIES_512, x, 0));
    for (var species : WIDTHS) {
      var y = new float[x.length];
      for (int i = 0; i < x.length; i += species.length()) {
        VectorMath.softplus(FloatVector.fromArray(species, x, i)).intoArray(y, i);
      }
      assertArrayEquals(expected.toArray(), y);
    }
  }
}
