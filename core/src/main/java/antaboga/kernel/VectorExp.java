// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Exponentials of many floats, to within 1.6 ulp: 2^(x log2 e), with a polynomial for the fraction
 * (a minimax fit of our own) and the integer as a float's exponent.
 *
 * <p>The method is written out in one piece, with more than 325 bytecodes, on purpose: that is
 * where the compiler stops inlining a method into its callers. A caller whose budget ends in the
 * middle of an exponential boxes its vectors and takes ten times as long.
 */
final class VectorExp {
  private static final VectorSpecies<Float> SPECIES = VectorLanes.FLOAT;

  private static final float LOG2_E_LOW = 0x1.4ae0cp-26f; // the rest of log2 e

  // adding it rounds to an integer k, and leaves the float 2^k in the bits from 23 down
  private static final float ROUND = 0x1.8p23f + 127;

  // below it the result is less than the smallest normal float
  private static final float LEAST = -87.33654f;

  private static final int SLOT = 63;

  private VectorExp() {}

  /**
   * {@code x = e^(x - less)}, and the sum of the results, in whole vectors of a stretch from {@code
   * at}: see the other form.
   */
  static float exp(float[] x, int at, int n, float less) {
    int lanes = SPECIES.length();
    var each = Scratch.floats(SLOT, 2 * lanes); // what is taken off, and the sums
    java.util.Arrays.fill(each, 0, lanes, less);
    exp(x, at, n / lanes, lanes, each, 0, each, lanes);
    return VectorMath.sum(FloatVector.fromArray(SPECIES, each, lanes));
  }

  /**
   * {@code x = e^(x - less)}, and the sums of the results by lanes, in {@code count} vectors which
   * begin {@code step} elements apart, for {@code x - less} of at most 88; zero below -87.3, so
   * that minus infinity stands for no element.
   *
   * @param less for each lane, from {@code lessAt}
   */
  static void exp(
      float[] x, int at, int count, int step, float[] less, int lessAt, float[] sums, int sumsAt) {
    var subtrahend = FloatVector.fromArray(SPECIES, less, lessAt);
    var least = FloatVector.broadcast(SPECIES, LEAST);
    var log2e = FloatVector.broadcast(SPECIES, VectorMath.LOG2_E);
    var round = FloatVector.broadcast(SPECIES, ROUND);
    var log2eLow = FloatVector.broadcast(SPECIES, LOG2_E_LOW);
    var c1 = FloatVector.broadcast(SPECIES, 0x1.62e43p-1f);
    var c2 = FloatVector.broadcast(SPECIES, 0x1.ebfbdcp-3f);
    var c3 = FloatVector.broadcast(SPECIES, 0x1.c6af7cp-5f);
    var c4 = FloatVector.broadcast(SPECIES, 0x1.3b2dep-7f);
    var c5 = FloatVector.broadcast(SPECIES, 0x1.5f0838p-10f);
    var c6 = FloatVector.broadcast(SPECIES, 0x1.416b82p-13f);
    var zero = FloatVector.zero(SPECIES);
    var one = FloatVector.broadcast(SPECIES, 1);
    var sum = zero;
    for (int i = 0; i < count; i++) {
      var v = FloatVector.fromArray(SPECIES, x, at + i * step).sub(subtrahend);
      var shifted = v.fma(log2e, round);
      var f = v.fma(log2e, round.sub(shifted));
      f = v.fma(log2eLow, f);
      var p = f.fma(c6, c5);
      p = p.fma(f, c4);
      p = p.fma(f, c3);
      p = p.fma(f, c2);
      p = p.fma(f, c1);
      p = p.fma(f, one);
      var power = shifted.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats();
      p = p.mul(power).blend(zero, v.compare(LT, least));
      p.intoArray(x, at + i * step);
      sum = sum.add(p);
    }
    sum.intoArray(sums, sumsAt);
  }
}
