// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import static antaboga.mamba.VectorTile.BLOCK;
import static antaboga.mamba.VectorTile.LANES;
import static antaboga.mamba.VectorTile.PAIR;
import static antaboga.mamba.VectorTile.STEPS;
import static antaboga.mamba.VectorTile.add;
import static antaboga.mamba.VectorTile.broadcast;
import static antaboga.mamba.VectorTile.load;

import antaboga.kernel.VectorMath;
import antaboga.mamba.VectorTile.Pass;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/**
 * The backward scan of a tile. With e_t = C_t g_t + λ_t, the gradient of the state after step t:
 *
 * <pre>
 *   dC_t = Σ g_t h_t     dB_t = Σ e_t x_t     s_t = Σ e_t B_t       (sums over channels and states)
 *   λ_{t-1} = decay_t e_t     q_t = λ_{t-1} h_{t-1}     dA = Σ q_t δ_t     r_t = Σ q_t A
 * </pre>
 *
 * <p>A block of states passes over all pairs before the next one begins, so that its sums over the
 * channels stay in the nearest cache.
 */
final class VectorBackward {
  private final List<Pass> enter;
  private final boolean gated;
  private final List<Pass> apart;
  private final List<Pass> leave;

  VectorBackward(ScanSources sources) {
    enter = new ArrayList<>(VectorForward.entering(sources));
    enter.add(VectorBackward::enter);
    gated = sources.gated;
    apart = List.of(VectorPower::decays, new VectorRetreat.Apart(sources));
    leave = new ArrayList<>();
    if (sources.gated) {
      enter.add(Pass.each(VectorBackward::gate));
      leave.add(Pass.each(VectorBackward::ungate));
    }
    leave.add(VectorBackward::leave);
    if (sources.softplus) {
      leave.add(VectorPower::slope);
    }
    leave.add(VectorBackward::sumBias);
    if (sources.geometry.rank() > 0) {
      leave.add(Pass.each(VectorBackward::unproject));
    }
  }

  /** Replaces the tile's rows by their gradients, and adds to all others. */
  void scan(VectorTile tile) {
    for (int first = 0; first < tile.vectors; first += tile.bundle) {
      scan(tile, first, Math.min(first + tile.bundle, 2 * tile.pairs()));
    }
  }

  /** The bundle of the vectors from {@code first} to before {@code end}. */
  private void scan(VectorTile tile, int first, int end) {
    int line = first / tile.bundle * STEPS;
    for (int v = first; v < end; v += 2) {
      tile.run(enter, v, 0);
    }
    for (int n = 0; n < tile.states; n += BLOCK) {
      Arrays.fill(tile.db, 0);
      Arrays.fill(tile.dc, 0);
      for (int v = first; v < end; v += 2) {
        if (tile.together(n)) {
          VectorRetreat.together(tile, v, n, gated);
        } else {
          tile.run(apart, v, n);
        }
      }
      int count = Math.min(BLOCK, tile.states - n);
      VectorLaneSums.move(tile.db, count, tile.dbLines, line * tile.states + n * STEPS);
      VectorLaneSums.move(tile.dc, count, tile.dcLines, line * tile.states + n * STEPS);
      tile.added(n + BLOCK);
    }
    tile.addedAll();
    Arrays.fill(tile.dfactors, 0);
    for (int v = first; v < end; v += 2) {
      tile.run(leave, v, 0);
    }
    VectorLaneSums.move(tile.dfactors, tile.rank, tile.dfactorLines, line * tile.rank);
  }

  /** g = dy; s and r begin at zero. */
  private static void enter(VectorTile tile, int v, int n) {
    int at = tile.row(v);
    var zero = FloatVector.zero(VectorTile.SPECIES);
    for (int t = 0; t < tile.steps; t++) {
      int i = at + t * PAIR;
      int row = t * tile.width + v * LANES;
      load(tile.dy, row).intoArray(tile.g, i);
      load(tile.dy, row + LANES).intoArray(tile.g, i + LANES);
      zero.intoArray(tile.s, i);
      zero.intoArray(tile.s, i + LANES);
      zero.intoArray(tile.r, i);
      zero.intoArray(tile.r, i + LANES);
    }
  }

  /** g *= silu(z). */
  private static void gate(VectorTile tile, int v, int n) {
    int at = tile.row(v);
    for (int t = 0; t < tile.steps; t++) {
      var silu = VectorMath.silu(load(tile.z, t * tile.width + v * LANES));
      load(tile.g, at + t * PAIR).mul(silu).intoArray(tile.g, at + t * PAIR);
    }
  }

  /** z's gradient, in its place: sum dy silu'(z) = sum dy p (1 + z (1 - p)), p = sigmoid(z). */
  private static void ungate(VectorTile tile, int v, int n) {
    int at = tile.row(v);
    for (int t = 0; t < tile.steps; t++) {
      int i = t * tile.width + v * LANES;
      var z = load(tile.z, i);
      var p = VectorMath.sigmoid(z);
      var silu = z.mul(p);
      load(tile.sum, at + t * PAIR)
          .mul(load(tile.dy, i))
          .mul(p.add(silu).sub(silu.mul(p)))
          .intoArray(tile.z, i);
    }
  }

  /** The gradients of u, in its place, of δ' (in r) and of D. */
  private static void leave(VectorTile tile, int v, int n) {
    int at = tile.row(v);
    var skipP = load(tile.d, v * LANES);
    var skipQ = load(tile.d, v * LANES + LANES);
    var sumP = FloatVector.zero(VectorTile.SPECIES);
    var sumQ = FloatVector.zero(VectorTile.SPECIES);
    for (int t = 0; t < tile.steps; t++) {
      int i = at + t * PAIR;
      int row = t * tile.width + v * LANES;
      var u = load(tile.u, row);
      var g = load(tile.g, i);
      var s = load(tile.s, i);
      s.fma(u, load(tile.r, i)).intoArray(tile.r, i);
      s.fma(load(tile.delta, i), g.mul(skipP)).intoArray(tile.u, row);
      sumP = g.fma(u, sumP);
      u = load(tile.u, row + LANES);
      g = load(tile.g, i + LANES);
      s = load(tile.s, i + LANES);
      s.fma(u, load(tile.r, i + LANES)).intoArray(tile.r, i + LANES);
      s.fma(load(tile.delta, i + LANES), g.mul(skipQ)).intoArray(tile.u, row + LANES);
      sumQ = g.fma(u, sumQ);
    }
    add(sumP, tile.dd, v * LANES);
    add(sumQ, tile.dd, v * LANES + LANES);
  }

  /** The gradient of raw, in its place, and that of the bias, which is its sum. */
  private static void sumBias(VectorTile tile, int v, int n) {
    int at = tile.row(v);
    var sumP = FloatVector.zero(VectorTile.SPECIES);
    var sumQ = FloatVector.zero(VectorTile.SPECIES);
    for (int t = 0; t < tile.steps; t++) {
      int i = at + t * PAIR;
      int row = t * tile.width + v * LANES;
      var rp = load(tile.r, i);
      var rq = load(tile.r, i + LANES);
      rp.intoArray(tile.raw, row);
      rq.intoArray(tile.raw, row + LANES);
      sumP = sumP.add(rp);
      sumQ = sumQ.add(rq);
    }
    add(sumP, tile.dbias, v * LANES);
    add(sumQ, tile.dbias, v * LANES + LANES);
  }

  /** dweights += factors × r, dfactors += weights × r. */
  private static void unproject(VectorTile tile, int v, int n) {
    int at = tile.row(v);
    for (int k = 0; k < tile.rank; k++) {
      int column = (v * tile.rank + k) * LANES;
      var weight = load(tile.weights, column);
      var sum = FloatVector.zero(VectorTile.SPECIES);
      int to = k * STEPS * LANES;
      for (int t = 0; t < tile.steps; t++) {
        int m = to + t * LANES;
        var rt = load(tile.r, at + t * PAIR);
        sum = rt.fma(broadcast(tile.factors[t * tile.rank + k]), sum);
        rt.fma(weight, load(tile.dfactors, m)).intoArray(tile.dfactors, m);
      }
      add(sum, tile.dweights, column);
    }
  }
}
