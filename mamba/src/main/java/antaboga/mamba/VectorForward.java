// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import static antaboga.mamba.VectorTile.BLOCK;
import static antaboga.mamba.VectorTile.LANES;
import static antaboga.mamba.VectorTile.PAIR;
import static antaboga.mamba.VectorTile.SEGMENT;
import static antaboga.mamba.VectorTile.TRACK;
import static antaboga.mamba.VectorTile.TRACKS;
import static antaboga.mamba.VectorTile.broadcast;
import static antaboga.mamba.VectorTile.load;
import static jdk.incubator.vector.VectorOperators.LE;

import antaboga.kernel.VectorMath;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The forward scan of a tile. Methods work on a vector of channels {@code v} or the pair that
 * begins with it, whose pair rows begin at {@code at}, and on the states from {@code n} on.
 *
 * <p>They are small, since a large one exceeds the compiler's inlining budget and boxes its
 * vectors.
 */
final class VectorForward {
  private static final VectorSpecies<Integer> BITS = VectorTile.SPECIES.withLanes(int.class);

  private VectorForward() {}

  /** Scans the tile: fills y, and moves the states on. */
  static void scan(ScanSources sources, VectorTile tile) {
    for (int v = 0; v < 2 * tile.pairs(); v += 2) {
      enter(sources, tile, v, 0);
      enter(sources, tile, v + 1, LANES);
      for (int n = 0; n < tile.states; n += BLOCK) {
        advance(sources.geometry, tile, v, n);
      }
      for (int w = 0; w < 2; w++) {
        if (sources.gated) {
          gate(tile, v + w, w * LANES);
        } else {
          leave(tile, v + w, w * LANES);
        }
      }
    }
  }

  /** Computes δ', x and the sum's first term. */
  static void enter(ScanSources sources, VectorTile tile, int v, int at) {
    if (sources.geometry.rank() > 0) {
      project(tile, v);
    }
    if (sources.softplus) {
      VectorPower.decaying(tile, v, at);
      VectorPower.softplus(tile, v, at);
    } else {
      shift(tile, v, at);
    }
    tile.gentle[v] = enter(tile, v, at);
  }

  /** raw = factors × weights. */
  private static void project(VectorTile tile, int v) {
    for (int t = 0; t < tile.steps; t++) {
      var raw = FloatVector.zero(VectorTile.SPECIES);
      for (int k = 0; k < tile.rank; k++) {
        var weight = load(tile.weights, (v * tile.rank + k) * LANES);
        raw = weight.fma(broadcast(tile.factors[t * tile.rank + k]), raw);
      }
      raw.intoArray(tile.raw, t * tile.width + v * LANES);
    }
  }

  /** δ' = raw + bias. */
  private static void shift(VectorTile tile, int v, int at) {
    var bias = load(tile.bias, v * LANES);
    for (int t = 0; t < tile.steps; t++) {
      load(tile.raw, t * tile.width + v * LANES).add(bias).intoArray(tile.delta, at + t * PAIR);
    }
  }

  /** x = δ' u, sum = D u; whether all exponents are gentle. */
  private static boolean enter(VectorTile tile, int v, int at) {
    var skip = load(tile.d, v * LANES);
    var largest = IntVector.zero(BITS); // of floats without a sign; NaN is above all
    for (int t = 0; t < tile.steps; t++) {
      var ut = load(tile.u, t * tile.width + v * LANES);
      var dt = load(tile.delta, at + t * PAIR);
      dt.mul(ut).intoArray(tile.x, at + t * PAIR);
      ut.mul(skip).intoArray(tile.sum, at + t * PAIR);
      largest = largest.max(dt.abs().reinterpretAsInts());
    }
    return largest
        .reinterpretAsFloats()
        .mul(load(tile.steepest, v * LANES))
        .compare(LE, VectorPower.GENTLE)
        .allTrue();
  }

  /** A block of states: h = decay h + x B, sum += C h. */
  private static void advance(ScanGeometry geometry, VectorTile tile, int v, int n) {
    int count = Math.min(BLOCK, tile.states - n);
    for (int k = 0; k < count; k++) {
      VectorPower.decays(tile, v, 0, n + k, k);
      VectorPower.decays(tile, v + 1, LANES, n + k, k);
    }
    if (tile.together(n)) {
      advance4(tile, v, n);
      return;
    }
    for (int k = 0; k < count; k++) {
      for (int w = v; w < v + 2; w++) {
        var b = tile.lanesB(geometry.constantB(), w, n + k);
        var c = tile.lanesC(geometry.constantC(), w, n + k);
        advance1(tile, w, n + k, k, b, c);
      }
    }
  }

  private static void advance4(VectorTile tile, int v, int n) {
    int p = tile.column(v, n);
    int q = tile.column(v + 1, n);
    var h = tile.h;
    var p0 = load(h, p);
    var p1 = load(h, p + LANES);
    var p2 = load(h, p + 2 * LANES);
    var p3 = load(h, p + 3 * LANES);
    var q0 = load(h, q);
    var q1 = load(h, q + LANES);
    var q2 = load(h, q + 2 * LANES);
    var q3 = load(h, q + 3 * LANES);
    int from = VectorTile.segment(n);
    for (int t = 0; t < tile.steps; t++) {
      int i = t * PAIR;
      int j = from + t * SEGMENT;
      int o = t * LANES;
      var xp = load(tile.x, i);
      var xq = load(tile.x, i + LANES);
      var yp = load(tile.sum, i);
      var yq = load(tile.sum, i + LANES);
      var b = broadcast(tile.b[j]);
      var c = broadcast(tile.c[j]);
      p0 = p0.fma(load(tile.decay, o), xp.mul(b));
      q0 = q0.fma(load(tile.decay, o + TRACK), xq.mul(b));
      yp = p0.fma(c, yp);
      yq = q0.fma(c, yq);
      b = broadcast(tile.b[j + 1]);
      c = broadcast(tile.c[j + 1]);
      p1 = p1.fma(load(tile.decay, o + TRACKS), xp.mul(b));
      q1 = q1.fma(load(tile.decay, o + TRACKS + TRACK), xq.mul(b));
      yp = p1.fma(c, yp);
      yq = q1.fma(c, yq);
      b = broadcast(tile.b[j + 2]);
      c = broadcast(tile.c[j + 2]);
      p2 = p2.fma(load(tile.decay, o + 2 * TRACKS), xp.mul(b));
      q2 = q2.fma(load(tile.decay, o + 2 * TRACKS + TRACK), xq.mul(b));
      yp = p2.fma(c, yp);
      yq = q2.fma(c, yq);
      b = broadcast(tile.b[j + 3]);
      c = broadcast(tile.c[j + 3]);
      p3 = p3.fma(load(tile.decay, o + 3 * TRACKS), xp.mul(b));
      q3 = q3.fma(load(tile.decay, o + 3 * TRACKS + TRACK), xq.mul(b));
      p3.fma(c, yp).intoArray(tile.sum, i);
      q3.fma(c, yq).intoArray(tile.sum, i + LANES);
    }
    p0.intoArray(h, p);
    p1.intoArray(h, p + LANES);
    p2.intoArray(h, p + 2 * LANES);
    p3.intoArray(h, p + 3 * LANES);
    q0.intoArray(h, q);
    q1.intoArray(h, q + LANES);
    q2.intoArray(h, q + 2 * LANES);
    q3.intoArray(h, q + 3 * LANES);
  }

  /** One state of one vector, the k-th of the block. */
  private static void advance1(
      VectorTile tile, int v, int n, int k, VectorTile.Lanes b, VectorTile.Lanes c) {
    int at = v % 2 * LANES;
    int track = k * TRACKS + v % 2 * TRACK;
    var h = load(tile.h, tile.column(v, n));
    for (int t = 0; t < tile.steps; t++) {
      int i = at + t * PAIR;
      h = h.fma(load(tile.decay, track + t * LANES), load(tile.x, i).mul(b.of(t)));
      h.fma(c.of(t), load(tile.sum, i)).intoArray(tile.sum, i);
    }
    h.intoArray(tile.h, tile.column(v, n));
  }

  /** y = sum. */
  private static void leave(VectorTile tile, int v, int at) {
    for (int t = 0; t < tile.steps; t++) {
      load(tile.sum, at + t * PAIR).intoArray(tile.y, t * tile.width + v * LANES);
    }
  }

  /** y = sum silu(z). */
  private static void gate(VectorTile tile, int v, int at) {
    for (int t = 0; t < tile.steps; t++) {
      int i = t * tile.width + v * LANES;
      var silu = VectorMath.silu(load(tile.z, i));
      load(tile.sum, at + t * PAIR).mul(silu).intoArray(tile.y, i);
    }
  }
}
