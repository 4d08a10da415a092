// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Exponentials of a stretch of floats, as {@link VectorMath#exp} computes one vector.
 *
 * <p>The method is written out in one piece, with more than 325 bytecodes, on purpose: that is
 * where the compiler stops inlining a method into its callers. A caller whose budget ends in the
 * middle of an exponential boxes its vectors and takes ten times as long.
 */
final class VectorExp {
  private static final VectorSpecies<Float> SPECIES = VectorLanes.FLOAT;

  private VectorExp() {}

  /**
   * {@code x = e^(x - less)}, and the sum of the results, in whole vectors from {@code at}; minus
   * infinity stands for no element.
   */
  static float exp(float[] x, int at, int n, float less) {
    var sum = FloatVector.zero(SPECIES);
    var subtrahend = FloatVector.broadcast(SPECIES, less);
    var most = FloatVector.broadcast(SPECIES, 89f);
    var least = FloatVector.broadcast(SPECIES, -104f);
    var log2e = FloatVector.broadcast(SPECIES, VectorMath.LOG2_E);
    var round = FloatVector.broadcast(SPECIES, VectorMath.ROUND);
    var high = FloatVector.broadcast(SPECIES, -VectorMath.LN2_HIGH);
    var low = FloatVector.broadcast(SPECIES, -VectorMath.LN2_LOW);
    var c2 = FloatVector.broadcast(SPECIES, VectorMath.EXP_2);
    var c3 = FloatVector.broadcast(SPECIES, VectorMath.EXP_3);
    var c4 = FloatVector.broadcast(SPECIES, VectorMath.EXP_4);
    var c5 = FloatVector.broadcast(SPECIES, VectorMath.EXP_5);
    var c6 = FloatVector.broadcast(SPECIES, VectorMath.EXP_6);
    for (int i = at; i < at + n; i += SPECIES.length()) {
      var v = FloatVector.fromArray(SPECIES, x, i).sub(subtrahend);
      v = v.blend(most, v.compare(GT, most));
      v = v.blend(least, v.compare(LT, least));
      var shifted = v.fma(log2e, round);
      var k = shifted.sub(round);
      var r = k.fma(high, v);
      r = k.fma(low, r);
      var p = r.fma(c6, c5);
      p = p.fma(r, c4);
      p = p.fma(r, c3);
      p = p.fma(r, c2);
      p = p.mul(r).fma(r, r).add(1f);
      var exponent = shifted.reinterpretAsInts().sub(VectorMath.ROUND_BITS);
      var half = exponent.lanewise(ASHR, 1);
      var rest = exponent.sub(half).add(127).lanewise(LSHL, 23).reinterpretAsFloats();
      p = p.mul(half.add(127).lanewise(LSHL, 23).reinterpretAsFloats()).mul(rest);
      p.intoArray(x, i);
      sum = sum.add(p);
    }
    return VectorMath.sum(sum);
  }
}
