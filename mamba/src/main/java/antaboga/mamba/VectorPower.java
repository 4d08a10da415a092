// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import static antaboga.mamba.VectorTile.BLOCK;
import static antaboga.mamba.VectorTile.LANES;
import static antaboga.mamba.VectorTile.PAIR;
import static antaboga.mamba.VectorTile.TRACK;
import static antaboga.mamba.VectorTile.TRACKS;
import static antaboga.mamba.VectorTile.broadcast;
import static antaboga.mamba.VectorTile.load;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.IS_NAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * The exponentials of {@link VectorScan}: decays e^(δA), softplus and its slope. Each method holds
 * one of them, since a larger one exceeds the compiler's inlining budget and boxes its vectors.
 */
final class VectorPower {
  static final float LOG2_E = 0x1.715476p0f;

  /** Beyond this a power of two is not computed by its exponent alone. */
  static final float GENTLE = 126f;

  // adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits
  private static final float ROUND = 0x1.8p23f;

  // e^-87.3 is the smallest that is computed by its exponent alone
  private static final float FARTHEST = 87.3f;

  private VectorPower() {}

  /**
   * 2^(x rate): a minimax polynomial of degree 5 for the fraction, exactly one at zero, relative
   * error 9e-8; the integer is added to its exponent. The product is never rounded by itself.
   */
  private static FloatVector power(FloatVector x, FloatVector rate) {
    var shifted = x.fma(rate, broadcast(ROUND));
    var f = x.fma(rate, broadcast(ROUND).sub(shifted));
    var p = f.fma(broadcast(0x1.5bb986p-10f), broadcast(0x1.3ceb1p-7f));
    p = p.fma(f, broadcast(0x1.c6b758p-5f));
    p = p.fma(f, broadcast(0x1.ebf9bap-3f));
    p = p.fma(f, broadcast(0x1.62e42ap-1f));
    p = p.fma(f, broadcast(1f));
    var exponent = shifted.reinterpretAsInts().lanewise(LSHL, 23);
    return p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
  }

  /** Fills the decay tracks of a block of a pair with e^(δA) = 2^(δ A log2 e). */
  static void decays(VectorTile tile, int pair, int n) {
    int count = Math.min(BLOCK, tile.states - n);
    for (int v = pair; v < pair + 2; v++) {
      for (int k = 0; k < count; k += 2) {
        int to = k * TRACKS + v % 2 * TRACK;
        var rate = load(tile.a2, tile.column(v, n + k));
        var next = load(tile.a2, tile.column(v, n + Math.min(k + 1, count - 1)));
        if (v >= tile.vectors) {
          Arrays.fill(tile.decay, to, to + TRACK, 0); // what is left there may be infinite
          Arrays.fill(tile.decay, to + TRACKS, to + TRACKS + TRACK, 0);
        } else if (tile.gentle[v]) {
          gentle(tile.delta, tile.row(v), rate, next, tile.decay, to, tile.steps);
        } else {
          steep(tile.delta, tile.row(v), rate, tile.decay, to, tile.steps);
          steep(tile.delta, tile.row(v), next, tile.decay, to + TRACKS, tile.steps);
        }
      }
    }
  }

  /** Two states, for exponents of two up to {@value #GENTLE}. */
  private static void gentle(
      float[] delta, int at, FloatVector p, FloatVector q, float[] decay, int to, int steps) {
    for (int t = 0; t < steps; t++) {
      var dt = load(delta, at + t * PAIR);
      power(dt, p).intoArray(decay, to + t * LANES);
      power(dt, q).intoArray(decay, to + t * LANES + TRACKS);
    }
  }

  /** For any exponent: infinite, zero and NaN where they should be. */
  private static void steep(
      float[] delta, int at, FloatVector rate, float[] decay, int to, int steps) {
    for (int t = 0; t < steps; t++) {
      var dt = load(delta, at + t * PAIR);
      var exponent = dt.mul(rate);
      power(dt, rate)
          .blend(0f, exponent.compare(LT, -GENTLE))
          .blend(Float.POSITIVE_INFINITY, exponent.compare(GE, 128f))
          .blend(exponent, exponent.test(IS_NAN))
          .intoArray(decay, to + t * LANES);
    }
  }

  /** e = e^-|raw + bias|, from 2^-126 on. */
  static void decaying(VectorTile tile, int v, int n) {
    int at = tile.row(v);
    var p = load(tile.bias, v * LANES);
    var q = load(tile.bias, v * LANES + LANES);
    for (int t = 0; t < tile.steps; t++) {
      int i = at + t * PAIR;
      int row = t * tile.width + v * LANES;
      decaying(load(tile.raw, row).add(p)).intoArray(tile.e, i);
      decaying(load(tile.raw, row + LANES).add(q)).intoArray(tile.e, i + LANES);
    }
  }

  private static FloatVector decaying(FloatVector raw) {
    var magnitude = raw.abs();
    var bounded = magnitude.blend(FARTHEST, magnitude.compare(GE, FARTHEST));
    return power(bounded, broadcast(-LOG2_E));
  }

  /** delta = softplus(raw + bias) = max(raw + bias, 0) + 2 artanh(e / (2 + e)). */
  static void softplus(VectorTile tile, int v, int n) {
    int at = tile.row(v);
    var p = load(tile.bias, v * LANES);
    var q = load(tile.bias, v * LANES + LANES);
    for (int t = 0; t < tile.steps; t++) {
      int i = at + t * PAIR;
      int row = t * tile.width + v * LANES;
      softplus(load(tile.raw, row).add(p), load(tile.e, i)).intoArray(tile.delta, i);
      softplus(load(tile.raw, row + LANES).add(q), load(tile.e, i + LANES))
          .intoArray(tile.delta, i + LANES);
    }
  }

  private static FloatVector softplus(FloatVector raw, FloatVector e) {
    return artanh(e.div(e.add(2f))).add(raw.blend(0f, raw.compare(LT, 0f)));
  }

  /** r *= softplus'(raw + bias) = 1 / (1 + e) where that is positive, else e / (1 + e). */
  static void slope(VectorTile tile, int v, int n) {
    int at = tile.row(v);
    var p = load(tile.bias, v * LANES);
    var q = load(tile.bias, v * LANES + LANES);
    for (int t = 0; t < tile.steps; t++) {
      int i = at + t * PAIR;
      int row = t * tile.width + v * LANES;
      slope(load(tile.raw, row).add(p), load(tile.e, i), load(tile.r, i)).intoArray(tile.r, i);
      slope(load(tile.raw, row + LANES).add(q), load(tile.e, i + LANES), load(tile.r, i + LANES))
          .intoArray(tile.r, i + LANES);
    }
  }

  private static FloatVector slope(FloatVector raw, FloatVector e, FloatVector r) {
    return r.mul(e.blend(1f, raw.compare(GE, 0f))).div(e.add(1f));
  }

  /** 2 artanh(s) for s up to 1/3. */
  private static FloatVector artanh(FloatVector s) {
    var q = s.mul(s);
    var p = q.fma(broadcast(0x1.f17342p-3f), broadcast(0x1.b6e6ccp-3f));
    p = p.fma(q, broadcast(0x1.2508b2p-2f));
    p = p.fma(q, broadcast(0x1.9996bp-2f));
    p = p.fma(q, broadcast(0x1.555558p-1f));
    return p.mul(q).fma(s, s.add(s));
  }
}
