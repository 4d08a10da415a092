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
import antaboga.mamba.VectorTile.Pass;
import java.util.ArrayList;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/** The forward scan of a tile, pass by pass. */
final class VectorForward {
  private static final VectorSpecies<Integer> BITS = VectorTile.SPECIES.withLanes(int.class);

  private final List<Pass> enter;
  private final List<Pass> apart;
  private final List<Pass> leave;

  VectorForward(ScanSources sources) {
    enter = entering(sources);
    apart = List.of(VectorPower::decays, new Apart(sources.geometry));
    leave = List.of(sources.gated ? Pass.each(VectorForward::gate) : VectorForward::leave);
  }

  /** What computes δ', x and the sum's first term. */
  static List<Pass> entering(ScanSources sources) {
    var passes = new ArrayList<Pass>();
    if (sources.geometry.rank() > 0) {
      passes.add(Pass.each(VectorForward::project));
    }
    if (sources.softplus) {
      passes.add(VectorPower::decaying);
      passes.add(VectorPower::softplus);
    } else {
      passes.add(Pass.each(VectorForward::shift));
    }
    passes.add(VectorForward::enter);
    return passes;
  }

  /** Replaces u by y, and moves the states on. */
  void scan(VectorTile tile) {
    for (int v = 0; v < 2 * tile.pairs(); v += 2) {
      tile.run(enter, v, 0);
      for (int n = 0; n < tile.states; n += BLOCK) {
        if (tile.together(n)) {
          VectorPower.decays(tile, v, n);
          advance4(tile, v, n);
        } else {
          tile.run(apart, v, n);
        }
        tile.added(n + BLOCK);
      }
      tile.addedAll();
      tile.run(leave, v, 0);
    }
  }

  /** raw = factors × weights. */
  private static void project(VectorTile tile, int v, int n) {
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
  private static void shift(VectorTile tile, int v, int n) {
    int at = tile.row(v);
    var bias = load(tile.bias, v * LANES);
    for (int t = 0; t < tile.steps; t++) {
      load(tile.raw, t * tile.width + v * LANES).add(bias).intoArray(tile.delta, at + t * PAIR);
    }
  }

  /** x = δ' u, sum = D u; finds out whether all exponents are gentle. */
  private static void enter(VectorTile tile, int v, int n) {
    int at = tile.row(v);
    var skipP = load(tile.d, v * LANES);
    var skipQ = load(tile.d, v * LANES + LANES);
    var largestP = IntVector.zero(BITS); // of floats without a sign; NaN is above all
    var largestQ = IntVector.zero(BITS);
    for (int t = 0; t < tile.steps; t++) {
      int i = at + t * PAIR;
      int row = t * tile.width + v * LANES;
      var up = load(tile.u, row);
      var uq = load(tile.u, row + LANES);
      var dp = load(tile.delta, i);
      var dq = load(tile.delta, i + LANES);
      dp.mul(up).intoArray(tile.x, i);
      dq.mul(uq).intoArray(tile.x, i + LANES);
      up.mul(skipP).intoArray(tile.sum, i);
      uq.mul(skipQ).intoArray(tile.sum, i + LANES);
      largestP = largestP.max(dp.abs().reinterpretAsInts());
      largestQ = largestQ.max(dq.abs().reinterpretAsInts());
    }
    tile.gentle[v] = gentle(largestP, load(tile.steepest, v * LANES));
    tile.gentle[v + 1] = gentle(largestQ, load(tile.steepest, v * LANES + LANES));
  }

  private static boolean gentle(IntVector largest, FloatVector steepest) {
    return largest.reinterpretAsFloats().mul(steepest).compare(LE, VectorPower.GENTLE).allTrue();
  }

  /** A block of states: h = decay h + x B, sum += C h. */
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

  /** As {@link #advance4} for each state and vector by itself. */
  private record Apart(ScanGeometry geometry) implements Pass {
    @Override
    public void over(VectorTile tile, int pair, int n) {
      for (int m = n; m < Math.min(n + BLOCK, tile.states); m++) {
        for (int v = pair; v < pair + 2; v++) {
          var b = tile.lanesB(geometry.constantB(), v, m);
          var c = tile.lanesC(geometry.constantC(), v, m);
          advance1(tile, v, m, b, c);
        }
      }
    }
  }

  private static void advance1(
      VectorTile tile, int v, int n, VectorTile.Lanes b, VectorTile.Lanes c) {
    int at = tile.row(v);
    int track = n % BLOCK * TRACKS + v % 2 * TRACK;
    var h = load(tile.h, tile.column(v, n));
    for (int t = 0; t < tile.steps; t++) {
      int i = at + t * PAIR;
      h = h.fma(load(tile.decay, track + t * LANES), load(tile.x, i).mul(b.of(t)));
      h.fma(c.of(t), load(tile.sum, i)).intoArray(tile.sum, i);
    }
    h.intoArray(tile.h, tile.column(v, n));
  }

  /** y = sum, in the place of u, which is near. */
  private static void leave(VectorTile tile, int v, int n) {
    int at = tile.row(v);
    for (int t = 0; t < tile.steps; t++) {
      int i = at + t * PAIR;
      int row = t * tile.width + v * LANES;
      load(tile.sum, i).intoArray(tile.u, row);
      load(tile.sum, i + LANES).intoArray(tile.u, row + LANES);
    }
  }

  /** y = sum silu(z), in the place of u. */
  private static void gate(VectorTile tile, int v, int n) {
    int at = tile.row(v);
    for (int t = 0; t < tile.steps; t++) {
      int i = t * tile.width + v * LANES;
      var silu = VectorMath.silu(load(tile.z, i));
      load(tile.sum, at + t * PAIR).mul(silu).intoArray(tile.u, i);
    }
  }
}
