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
  private final List<Pass> together;
  private final List<Pass> apart;
  private final List<Pass> leave;

  VectorBackward(ScanSources sources) {
    enter = new ArrayList<>(VectorForward.entering(sources));
    enter.add(Pass.each(VectorBackward::enter));
    together = new ArrayList<>(List.of(VectorPower::decays, VectorRetreat::replay4));
    apart = List.of(VectorPower::decays, new VectorRetreat.Apart(sources));
    leave = new ArrayList<>();
    if (sources.gated) {
      enter.add(Pass.each(VectorBackward::gate));
      together.add(VectorRetreat::output4);
      leave.add(Pass.each(VectorBackward::ungate));
    }
    together.add(VectorRetreat::gather4);
    together.add(VectorRetreat::retreat2);
    together.add((tile, v, n) -> VectorRetreat.retreat2(tile, v, n + 2));
    together.add(Pass.each(VectorRetreat::rates4));
    leave.add(Pass.each(VectorBackward::leave));
    if (sources.softplus) {
      leave.add(Pass.each(VectorPower::slope));
    }
    leave.add(Pass.each(VectorBackward::sumBias));
    if (sources.geometry.rank() > 0) {
      leave.add(Pass.each(VectorBackward::unproject));
    }
  }

  /** Fills the gradients of the tile's rows, and adds to all others. */
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
        tile.run(tile.together(n) ? together : apart, v, n);
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
    for (int t = 0; t < tile.steps; t++) {
      int i = at + t * PAIR;
      load(tile.dy, t * tile.width + v * LANES).intoArray(tile.g, i);
      FloatVector.zero(VectorTile.SPECIES).intoArray(tile.s, i);
      FloatVector.zero(VectorTile.SPECIES).intoArray(tile.r, i);
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

  /** y = sum dy silu'(z), the gradient of z; silu'(z) = p (1 + z (1 - p)), p = sigmoid(z). */
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
          .intoArray(tile.y, i);
    }
  }

  /** The gradients of u, of δ' (in r) and of D. */
  private static void leave(VectorTile tile, int v, int n) {
    int at = tile.row(v);
    var skip = load(tile.d, v * LANES);
    var sum = FloatVector.zero(VectorTile.SPECIES);
    for (int t = 0; t < tile.steps; t++) {
      int i = at + t * PAIR;
      int row = t * tile.width + v * LANES;
      var ut = load(tile.u, row);
      var gt = load(tile.g, i);
      var st = load(tile.s, i);
      st.fma(ut, load(tile.r, i)).intoArray(tile.r, i);
      st.fma(load(tile.delta, i), gt.mul(skip)).intoArray(tile.du, row);
      sum = gt.fma(ut, sum);
    }
    add(sum, tile.dd, v * LANES);
  }

  /** The gradient of raw, and that of the bias, which is its sum. */
  private static void sumBias(VectorTile tile, int v, int n) {
    int at = tile.row(v);
    var sum = FloatVector.zero(VectorTile.SPECIES);
    for (int t = 0; t < tile.steps; t++) {
      var rt = load(tile.r, at + t * PAIR);
      rt.intoArray(tile.draw, t * tile.width + v * LANES);
      sum = sum.add(rt);
    }
    add(sum, tile.dbias, v * LANES);
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
