// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/**
 * Elementary functions on vectors of floats, of any width. NaN passes through all of them.
 *
 * <p>At most one of these belongs into a small method: a large one exceeds the compiler's inlining
 * budget, which boxes its vectors and makes it three to four times slower. The polynomials are
 * minimax fits of our own, by linear programming on Chebyshev points.
 */
public final class VectorMath {
  static final float LOG2_E = 0x1.715476p0f;
  // ln 2 as the sum of a float and the rest
  static final float LN2_HIGH = 0x1.62e43p-1f;
  static final float LN2_LOW = -0x1.05c61p-29f;
  // adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits
  static final float ROUND = 0x1.8p23f;
  static final int ROUND_BITS = Float.floatToRawIntBits(ROUND);

  // of e^r, beginning with r^2
  static final float EXP_2 = 0.49999994f;
  static final float EXP_3 = 0.16666521f;
  static final float EXP_4 = 0.041668393f;
  static final float EXP_5 = 0.008368745f;
  static final float EXP_6 = 0.0013814536f;

  // each lane's partner so far away
  private static final VectorShuffle<Float> BY_8 = partners(8);
  private static final VectorShuffle<Float> BY_4 = partners(4);
  private static final VectorShuffle<Float> BY_2 = partners(2);
  private static final VectorShuffle<Float> BY_1 = partners(1);

  private VectorMath() {}

  private static VectorShuffle<Float> partners(int distance) {
    int lanes = VectorLanes.FLOAT.length();
    return VectorShuffle.fromOp(VectorLanes.FLOAT, i -> (i ^ distance) % lanes);
  }

  /**
   * e^x to within 1.5 ulp: infinite above 88.723, gradually zero below -87.34.
   *
   * <p>x = k ln 2 + r with integer k; a polynomial of degree 6 gives e^r, and 2^k is multiplied in
   * two halves so that neither overflows on the way.
   */
  public static FloatVector exp(FloatVector x) {
    var bounded = x.blend(89f, x.compare(GT, 89f)).blend(-104f, x.compare(LT, -104f));
    var shifted = bounded.fma(x.broadcast(LOG2_E), x.broadcast(ROUND));
    var k = shifted.sub(ROUND);
    var r = k.fma(x.broadcast(-LN2_HIGH), bounded);
    r = k.fma(x.broadcast(-LN2_LOW), r);
    var p = r.fma(x.broadcast(EXP_6), x.broadcast(EXP_5));
    p = p.fma(r, x.broadcast(EXP_4));
    p = p.fma(r, x.broadcast(EXP_3));
    p = p.fma(r, x.broadcast(EXP_2));
    p = p.mul(r).fma(r, r).add(1f);
    var exponent = shifted.reinterpretAsInts().sub(ROUND_BITS);
    var half = exponent.lanewise(ASHR, 1);
    var rest = exponent.sub(half);
    return p.mul(half.add(127).lanewise(LSHL, 23).reinterpretAsFloats())
        .mul(rest.add(127).lanewise(LSHL, 23).reinterpretAsFloats());
  }

  /**
   * The sum of all lanes, half by half: a fixed tree. {@code reduceLanes} leaves the order open,
   * and takes another one once it is compiled: the same call would give other bits later.
   */
  public static float sum(FloatVector x) {
    var sum = x;
    if (VectorLanes.FLOAT.length() > 8) {
      sum = sum.add(sum.rearrange(BY_8));
    }
    if (VectorLanes.FLOAT.length() > 4) {
      sum = sum.add(sum.rearrange(BY_4));
    }
    sum = sum.add(sum.rearrange(BY_2));
    return sum.add(sum.rearrange(BY_1)).lane(0);
  }

  /**
   * ln(1 + e^x) to within 2.5 ulp.
   *
   * <p>max(x, 0) + ln(1 + e), e = e^-|x|; the logarithm is 2 artanh(e / (2 + e)). Above PyTorch's
   * threshold of 20 the second term is below half an ulp, so the result is x.
   */
  public static FloatVector softplus(FloatVector x) {
    var positive = x.blend(0f, x.compare(LT, 0f));
    var e = exp(x.abs().neg());
    var s = e.div(e.add(2f));
    var q = s.mul(s);
    var p = q.fma(x.broadcast(0.24289562f), x.broadcast(0.2143074f));
    p = p.fma(q, x.broadcast(0.28616598f));
    p = p.fma(q, x.broadcast(0.3999889f));
    p = p.fma(q, x.broadcast(0.66666675f));
    return p.mul(q).fma(s, s.add(s)).add(positive);
  }

  /** 1 / (1 + e^-x) to within 2.5 ulp, zero below -88.72. */
  public static FloatVector sigmoid(FloatVector x) {
    return x.broadcast(1f).div(exp(x.neg()).add(1f));
  }

  /** x / (1 + e^-x) to within 3 ulp. */
  public static FloatVector silu(FloatVector x) {
    return x.div(exp(x.neg()).add(1f));
  }

  /**
   * The error function to within 2 ulp.
   *
   * <p>An odd polynomial below 0.9; above, 1 - e^-q with a polynomial q of |x|, which is one from 4
   * on.
   */
  public static FloatVector erf(FloatVector x) {
    return erf(x, exp(erfExponent(x)));
  }

  /** The first step of {@link #erf}, for kernels that take its steps one by one: -q. */
  static FloatVector erfExponent(FloatVector x) {
    var magnitude = x.abs();
    var t = magnitude.blend(4f, magnitude.compare(GT, 4f));
    var q = t.fma(x.broadcast(-0.00021459511f), x.broadcast(0.003219976f));
    q = q.fma(t, x.broadcast(-0.022906033f));
    q = q.fma(t, x.broadcast(0.10528686f));
    q = q.fma(t, x.broadcast(0.6356994f));
    q = q.fma(t, x.broadcast(1.1285199f));
    return q.mul(t).neg();
  }

  /** The last step of {@link #erf}, from x and e^-q. */
  static FloatVector erf(FloatVector x, FloatVector power) {
    var large = x.broadcast(1f).sub(power);
    var signed = large.blend(large.neg(), x.compare(LT, 0f));
    return signed.blend(smallErf(x), x.abs().compare(LT, 0.9f));
  }

  private static FloatVector smallErf(FloatVector x) {
    var s = x.mul(x);
    var p = s.fma(x.broadcast(-0.00058620836f), x.broadcast(0.0049675074f));
    p = p.fma(s, x.broadcast(-0.026748864f));
    p = p.fma(s, x.broadcast(0.112813205f));
    p = p.fma(s, x.broadcast(-0.37612447f));
    p = p.fma(s, x.broadcast(0.12837914f));
    return p.fma(x, x);
  }

  /**
   * The hyperbolic tangent to within 2 ulp.
   *
   * <p>An odd polynomial below 0.64; above, 1 - 2 e / (1 + e) with e = e^-2|x|.
   */
  public static FloatVector tanh(FloatVector x) {
    return tanh(x, exp(tanhExponent(x)));
  }

  /** The first step of {@link #tanh}, for kernels that take its steps one by one: -2 |x|. */
  static FloatVector tanhExponent(FloatVector x) {
    var magnitude = x.abs();
    return magnitude.add(magnitude).neg();
  }

  /** The last step of {@link #tanh}, from x and e^-2|x|. */
  static FloatVector tanh(FloatVector x, FloatVector power) {
    var large = x.broadcast(1f).sub(power.add(power).div(power.add(1f)));
    var signed = large.blend(large.neg(), x.compare(LT, 0f));
    return signed.blend(smallTanh(x), x.abs().compare(LT, 0.64f));
  }

  private static FloatVector smallTanh(FloatVector x) {
    var s = x.mul(x);
    var p = s.fma(x.broadcast(-0.005591025f), x.broadcast(0.02053883f));
    p = p.fma(s, x.broadcast(-0.05370966f));
    p = p.fma(s, x.broadcast(0.13331093f));
    p = p.fma(s, x.broadcast(-0.3333327f));
    return p.mul(s).fma(x, x);
  }
}
