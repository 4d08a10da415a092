// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import static antaboga.mamba.VectorTile.BLOCK;
import static antaboga.mamba.VectorTile.LANES;
import static antaboga.mamba.VectorTile.PAIR;
import static antaboga.mamba.VectorTile.SEGMENT;
import static antaboga.mamba.VectorTile.SPECIES;
import static antaboga.mamba.VectorTile.SUMS;
import static antaboga.mamba.VectorTile.TRACK;
import static antaboga.mamba.VectorTile.TRACKS;
import static antaboga.mamba.VectorTile.add;
import static antaboga.mamba.VectorTile.broadcast;
import static antaboga.mamba.VectorTile.load;
import static jdk.incubator.vector.FloatVector.fromArray;

import antaboga.mamba.VectorTile.Pass;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/** The passes of {@link VectorBackward} over the states: of a block together, or one by one. */
final class VectorRetreat {
  private VectorRetreat() {}

  /** A block of a pair. */
  static void together(VectorTile tile, int v, int n, boolean gated) {
    VectorPower.decays(tile, v, n);
    replay4(tile, v, n);
    if (gated) {
      outputs(tile, v, n);
      outputs(tile, v + 1, n);
    }
    retreat2(tile, v, n);
    retreat2(tile, v, n + 2);
    rates4(tile, v, n);
    rates4(tile, v + 1, n);
  }

  /**
   * The history of a block, the state before each step and after the last, and dC += g h. Vectors
   * are loaded by the library's own name: beyond the compiler's budget it still inlines that, but
   * no helper.
   */
  private static void replay4(VectorTile tile, int v, int n) {
    int p = tile.column(v, n);
    int q = tile.column(v + 1, n);
    var h = tile.h;
    var p0 = fromArray(SPECIES, h, p);
    var p1 = fromArray(SPECIES, h, p + LANES);
    var p2 = fromArray(SPECIES, h, p + 2 * LANES);
    var p3 = fromArray(SPECIES, h, p + 3 * LANES);
    var q0 = fromArray(SPECIES, h, q);
    var q1 = fromArray(SPECIES, h, q + LANES);
    var q2 = fromArray(SPECIES, h, q + 2 * LANES);
    var q3 = fromArray(SPECIES, h, q + 3 * LANES);
    p0.intoArray(tile.history, 0);
    q0.intoArray(tile.history, TRACK);
    p1.intoArray(tile.history, TRACKS);
    q1.intoArray(tile.history, TRACKS + TRACK);
    p2.intoArray(tile.history, 2 * TRACKS);
    q2.intoArray(tile.history, 2 * TRACKS + TRACK);
    p3.intoArray(tile.history, 3 * TRACKS);
    q3.intoArray(tile.history, 3 * TRACKS + TRACK);
    int at = tile.row(v);
    int from = VectorTile.segment(n);
    for (int t = 0; t < tile.steps; t++) {
      int i = at + t * PAIR;
      int j = from + t * SEGMENT;
      int o = t * LANES;
      var xp = fromArray(SPECIES, tile.x, i);
      var xq = fromArray(SPECIES, tile.x, i + LANES);
      var gp = fromArray(SPECIES, tile.g, i);
      var gq = fromArray(SPECIES, tile.g, i + LANES);
      var b = FloatVector.broadcast(SPECIES, tile.b[j]);
      p0 = p0.fma(fromArray(SPECIES, tile.decay, o), xp.mul(b));
      q0 = q0.fma(fromArray(SPECIES, tile.decay, o + TRACK), xq.mul(b));
      p0.intoArray(tile.history, o + LANES);
      q0.intoArray(tile.history, o + LANES + TRACK);
      var dc = gp.fma(p0, fromArray(SPECIES, tile.dc, o));
      gq.fma(q0, dc).intoArray(tile.dc, o);
      b = FloatVector.broadcast(SPECIES, tile.b[j + 1]);
      p1 = p1.fma(fromArray(SPECIES, tile.decay, o + TRACKS), xp.mul(b));
      q1 = q1.fma(fromArray(SPECIES, tile.decay, o + TRACKS + TRACK), xq.mul(b));
      p1.intoArray(tile.history, o + LANES + TRACKS);
      q1.intoArray(tile.history, o + LANES + TRACKS + TRACK);
      dc = gp.fma(p1, fromArray(SPECIES, tile.dc, o + SUMS));
      gq.fma(q1, dc).intoArray(tile.dc, o + SUMS);
      b = FloatVector.broadcast(SPECIES, tile.b[j + 2]);
      p2 = p2.fma(fromArray(SPECIES, tile.decay, o + 2 * TRACKS), xp.mul(b));
      q2 = q2.fma(fromArray(SPECIES, tile.decay, o + 2 * TRACKS + TRACK), xq.mul(b));
      p2.intoArray(tile.history, o + LANES + 2 * TRACKS);
      q2.intoArray(tile.history, o + LANES + 2 * TRACKS + TRACK);
      dc = gp.fma(p2, fromArray(SPECIES, tile.dc, o + 2 * SUMS));
      gq.fma(q2, dc).intoArray(tile.dc, o + 2 * SUMS);
      b = FloatVector.broadcast(SPECIES, tile.b[j + 3]);
      p3 = p3.fma(fromArray(SPECIES, tile.decay, o + 3 * TRACKS), xp.mul(b));
      q3 = q3.fma(fromArray(SPECIES, tile.decay, o + 3 * TRACKS + TRACK), xq.mul(b));
      p3.intoArray(tile.history, o + LANES + 3 * TRACKS);
      q3.intoArray(tile.history, o + LANES + 3 * TRACKS + TRACK);
      dc = gp.fma(p3, fromArray(SPECIES, tile.dc, o + 3 * SUMS));
      gq.fma(q3, dc).intoArray(tile.dc, o + 3 * SUMS);
    }
  }

  /** sum += C h; only the gate's gradient needs it again. */
  private static void outputs(VectorTile tile, int v, int n) {
    int at = tile.row(v);
    int track = v % 2 * TRACK + LANES;
    int from = VectorTile.segment(n);
    for (int t = 0; t < tile.steps; t++) {
      int i = at + t * PAIR;
      int j = from + t * SEGMENT;
      int o = track + t * LANES;
      var y = load(tile.history, o).fma(broadcast(tile.c[j]), load(tile.sum, i));
      y = load(tile.history, o + TRACKS).fma(broadcast(tile.c[j + 1]), y);
      y = load(tile.history, o + 2 * TRACKS).fma(broadcast(tile.c[j + 2]), y);
      y = load(tile.history, o + 3 * TRACKS).fma(broadcast(tile.c[j + 3]), y);
      y.intoArray(tile.sum, i);
    }
  }

  /** Two states of a pair: dB, s, and λ in the place of decays. */
  private static void retreat2(VectorTile tile, int v, int n) {
    int p = tile.column(v, n);
    int q = tile.column(v + 1, n);
    int at = tile.row(v);
    int from = VectorTile.segment(n);
    int track = n % BLOCK * TRACKS;
    int sums = n % BLOCK * SUMS;
    var p0 = load(tile.lambda, p);
    var p1 = load(tile.lambda, p + LANES);
    var q0 = load(tile.lambda, q);
    var q1 = load(tile.lambda, q + LANES);
    for (int t = tile.steps - 1; t >= 0; t--) {
      int i = at + t * PAIR;
      int j = from + t * SEGMENT;
      int o = track + t * LANES;
      int m = sums + t * LANES;
      var gp = load(tile.g, i);
      var gq = load(tile.g, i + LANES);
      var xp = load(tile.x, i);
      var xq = load(tile.x, i + LANES);
      var b = broadcast(tile.b[j]);
      var c = broadcast(tile.c[j]);
      p0 = gp.fma(c, p0);
      q0 = gq.fma(c, q0);
      q0.fma(xq, p0.fma(xp, load(tile.db, m))).intoArray(tile.db, m);
      var sp = p0.fma(b, load(tile.s, i));
      var sq = q0.fma(b, load(tile.s, i + LANES));
      p0 = p0.mul(load(tile.decay, o));
      q0 = q0.mul(load(tile.decay, o + TRACK));
      p0.intoArray(tile.decay, o);
      q0.intoArray(tile.decay, o + TRACK);
      b = broadcast(tile.b[j + 1]);
      c = broadcast(tile.c[j + 1]);
      p1 = gp.fma(c, p1);
      q1 = gq.fma(c, q1);
      q1.fma(xq, p1.fma(xp, load(tile.db, m + SUMS))).intoArray(tile.db, m + SUMS);
      p1.fma(b, sp).intoArray(tile.s, i);
      q1.fma(b, sq).intoArray(tile.s, i + LANES);
      p1 = p1.mul(load(tile.decay, o + TRACKS));
      q1 = q1.mul(load(tile.decay, o + TRACKS + TRACK));
      p1.intoArray(tile.decay, o + TRACKS);
      q1.intoArray(tile.decay, o + TRACKS + TRACK);
    }
    p0.intoArray(tile.lambda, p);
    p1.intoArray(tile.lambda, p + LANES);
    q0.intoArray(tile.lambda, q);
    q1.intoArray(tile.lambda, q + LANES);
  }

  /** q = λ h of one vector of a block: dA and r. */
  private static void rates4(VectorTile tile, int v, int n) {
    int column = tile.column(v, n);
    int at = tile.row(v);
    int track = v % 2 * TRACK;
    var a0 = load(tile.a, column);
    var a1 = load(tile.a, column + LANES);
    var a2 = load(tile.a, column + 2 * LANES);
    var a3 = load(tile.a, column + 3 * LANES);
    var da0 = FloatVector.zero(SPECIES);
    var da1 = FloatVector.zero(SPECIES);
    var da2 = FloatVector.zero(SPECIES);
    var da3 = FloatVector.zero(SPECIES);
    for (int t = 0; t < tile.steps; t++) {
      int i = at + t * PAIR;
      int o = track + t * LANES;
      var dt = load(tile.delta, i);
      var rt = load(tile.r, i);
      var q = load(tile.decay, o).mul(load(tile.history, o));
      da0 = q.fma(dt, da0);
      rt = q.fma(a0, rt);
      q = load(tile.decay, o + TRACKS).mul(load(tile.history, o + TRACKS));
      da1 = q.fma(dt, da1);
      rt = q.fma(a1, rt);
      q = load(tile.decay, o + 2 * TRACKS).mul(load(tile.history, o + 2 * TRACKS));
      da2 = q.fma(dt, da2);
      rt = q.fma(a2, rt);
      q = load(tile.decay, o + 3 * TRACKS).mul(load(tile.history, o + 3 * TRACKS));
      da3 = q.fma(dt, da3);
      q.fma(a3, rt).intoArray(tile.r, i);
    }
    add(da0, tile.da, column);
    add(da1, tile.da, column + LANES);
    add(da2, tile.da, column + 2 * LANES);
    add(da3, tile.da, column + 3 * LANES);
  }

  /** A block's states and vectors, each by itself. */
  record Apart(ScanSources sources) implements Pass {
    @Override
    public void over(VectorTile tile, int pair, int n) {
      for (int m = n; m < Math.min(n + BLOCK, tile.states); m++) {
        over(tile, pair, m, m - n);
        over(tile, pair + 1, m, m - n);
      }
    }

    private void over(VectorTile tile, int v, int n, int k) {
      boolean constantB = sources.geometry.constantB();
      boolean constantC = sources.geometry.constantC();
      var b = tile.lanesB(constantB, v, n);
      var c = tile.lanesC(constantC, v, n);
      replay1(tile, v, n, k, b);
      if (sources.gated) {
        output1(tile, v, k, c);
      }
      retreat1(tile, v, n, k, b, c);
      if (constantB) {
        sumSteps(tile, k, tile.db, tile.dcolumnB, tile.column(v, n));
      }
      if (constantC) {
        sumSteps(tile, k, tile.dc, tile.dcolumnC, tile.column(v, n));
      }
    }
  }

  private static void replay1(VectorTile tile, int v, int n, int k, VectorTile.Lanes b) {
    int at = tile.row(v);
    int track = k * TRACKS + v % 2 * TRACK;
    var h = load(tile.h, tile.column(v, n));
    h.intoArray(tile.history, track);
    for (int t = 0; t < tile.steps; t++) {
      int o = track + t * LANES;
      h = h.fma(load(tile.decay, o), load(tile.x, at + t * PAIR).mul(b.of(t)));
      h.intoArray(tile.history, o + LANES);
    }
  }

  private static void output1(VectorTile tile, int v, int k, VectorTile.Lanes c) {
    int at = tile.row(v);
    int track = k * TRACKS + v % 2 * TRACK + LANES;
    for (int t = 0; t < tile.steps; t++) {
      int i = at + t * PAIR;
      load(tile.history, track + t * LANES).fma(c.of(t), load(tile.sum, i)).intoArray(tile.sum, i);
    }
  }

  private static void retreat1(
      VectorTile tile, int v, int n, int k, VectorTile.Lanes b, VectorTile.Lanes c) {
    int column = tile.column(v, n);
    int at = tile.row(v);
    int track = k * TRACKS + v % 2 * TRACK;
    int sums = k * SUMS;
    var lambda = load(tile.lambda, column);
    var a = load(tile.a, column);
    var da = FloatVector.zero(SPECIES);
    for (int t = tile.steps - 1; t >= 0; t--) {
      int i = at + t * PAIR;
      int o = track + t * LANES;
      int m = sums + t * LANES;
      var gt = load(tile.g, i);
      var e = gt.fma(c.of(t), lambda);
      gt.fma(load(tile.history, o + LANES), load(tile.dc, m)).intoArray(tile.dc, m);
      e.fma(load(tile.x, i), load(tile.db, m)).intoArray(tile.db, m);
      e.fma(b.of(t), load(tile.s, i)).intoArray(tile.s, i);
      lambda = e.mul(load(tile.decay, o));
      var q = lambda.mul(load(tile.history, o));
      da = q.fma(load(tile.delta, i), da);
      q.fma(a, load(tile.r, i)).intoArray(tile.r, i);
    }
    lambda.intoArray(tile.lambda, column);
    add(da, tile.da, column);
  }

  /** Moves the k-th state's sums, which belong to one vector alone, into a column. */
  private static void sumSteps(VectorTile tile, int k, float[] sums, float[] columns, int to) {
    var sum = FloatVector.zero(SPECIES);
    for (int t = 0; t < tile.steps; t++) {
      sum = sum.add(load(sums, k * SUMS + t * LANES));
    }
    add(sum, columns, to);
    Arrays.fill(sums, k * SUMS, (k + 1) * SUMS, 0);
  }
}
