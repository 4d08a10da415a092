// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products with a matrix of columns that nobody writes down: its row k is one array, read from
 * shift k on. Eight sums at a time, as in {@link VectorProduct}.
 */
final class VectorShifts {
  private static final VectorSpecies<Float> SPECIES = VectorLanes.FLOAT;
  private static final int LANES = SPECIES.length();

  /** Positions or outputs of a tile. */
  static final int PANEL = VectorProduct.PANEL;

  /** Shifts whose elements, and the weights of four outputs, stay in the first-level cache. */
  private static final int SHIFTS = 288;

  /** Positions whose gradients stay in the first-level cache. */
  private static final int POSITIONS = 256;

  private VectorShifts() {}

  /** A number of rows as whole groups of four. */
  static int fours(int rows) {
    return (rows + 3) / 4 * 4;
  }

  /**
   * {@code y[o, p] += sum_k w[o, k] x[shift_k + p]}.
   *
   * @param weights (outputs / 4, shifts, 4)
   * @param row from one row of y to the next; there are fours of them
   * @param positions whole panels
   */
  static void add(
      float[] weights,
      int[] shifts,
      float[] x,
      float[] y,
      int yAt,
      int row,
      int outputs,
      int positions) {
    int inner = shifts.length;
    for (int k = 0; k < inner; k += SHIFTS) {
      int n = Math.min(SHIFTS, inner - k);
      for (int p = 0; p < positions; p += PANEL) {
        for (int o = 0; o < outputs; o += 4) {
          tile(weights, o * inner + 4 * k, shifts, k, n, x, p, y, yAt + o * row + p, row);
        }
      }
    }
  }

  private static void tile(
      float[] w,
      int wAt,
      int[] shifts,
      int first,
      int inner,
      float[] x,
      int at,
      float[] y,
      int y0At,
      int row) {
    int y1At = y0At + row;
    int y2At = y1At + row;
    int y3At = y2At + row;
    var y00 = FloatVector.fromArray(SPECIES, y, y0At);
    var y01 = FloatVector.fromArray(SPECIES, y, y0At + LANES);
    var y10 = FloatVector.fromArray(SPECIES, y, y1At);
    var y11 = FloatVector.fromArray(SPECIES, y, y1At + LANES);
    var y20 = FloatVector.fromArray(SPECIES, y, y2At);
    var y21 = FloatVector.fromArray(SPECIES, y, y2At + LANES);
    var y30 = FloatVector.fromArray(SPECIES, y, y3At);
    var y31 = FloatVector.fromArray(SPECIES, y, y3At + LANES);
    for (int k = 0; k < inner; k++) {
      int from = at + shifts[first + k];
      var x0 = FloatVector.fromArray(SPECIES, x, from);
      var x1 = FloatVector.fromArray(SPECIES, x, from + LANES);
      var w0 = FloatVector.broadcast(SPECIES, w[wAt + 4 * k]);
      y00 = w0.fma(x0, y00);
      y01 = w0.fma(x1, y01);
      var w1 = FloatVector.broadcast(SPECIES, w[wAt + 4 * k + 1]);
      y10 = w1.fma(x0, y10);
      y11 = w1.fma(x1, y11);
      var w2 = FloatVector.broadcast(SPECIES, w[wAt + 4 * k + 2]);
      y20 = w2.fma(x0, y20);
      y21 = w2.fma(x1, y21);
      var w3 = FloatVector.broadcast(SPECIES, w[wAt + 4 * k + 3]);
      y30 = w3.fma(x0, y30);
      y31 = w3.fma(x1, y31);
    }
    y00.intoArray(y, y0At);
    y01.intoArray(y, y0At + LANES);
    y10.intoArray(y, y1At);
    y11.intoArray(y, y1At + LANES);
    y20.intoArray(y, y2At);
    y21.intoArray(y, y2At + LANES);
    y30.intoArray(y, y3At);
    y31.intoArray(y, y3At + LANES);
  }

  /**
   * {@code dw[k, o] += sum_p x[shift_k + p] g[p, o]}.
   *
   * @param shifts in fours
   * @param g (outputs / PANEL, positions, PANEL)
   * @param dw (shifts, outputs), outputs in whole panels
   */
  static void correlate(
      int[] shifts, float[] x, float[] g, int positions, float[] dw, int outputs) {
    var tile = new float[4 * PANEL];
    for (int p = 0; p < positions; p += POSITIONS) {
      int n = Math.min(POSITIONS, positions - p);
      for (int o = 0; o < outputs; o += PANEL) {
        int gAt = o * positions + p * PANEL;
        for (int k = 0; k < shifts.length; k += 4) {
          int x0At = shifts[k] + p;
          int x1At = shifts[k + 1] + p;
          int x2At = shifts[k + 2] + p;
          int x3At = shifts[k + 3] + p;
          correlate(x, x0At, x1At, x2At, x3At, g, gAt, n, tile);
          addTile(tile, dw, k * outputs + o, outputs);
        }
      }
    }
  }

  private static void addTile(float[] tile, float[] dw, int at, int row) {
    for (int r = 0; r < 4; r++) {
      for (int i = 0; i < PANEL; i += LANES) {
        FloatVector.fromArray(SPECIES, dw, at + r * row + i)
            .add(FloatVector.fromArray(SPECIES, tile, r * PANEL + i))
            .intoArray(dw, at + r * row + i);
      }
    }
  }

  /** Into a tile of its own: what else has to be remembered would cost the loop a fifth. */
  private static void correlate(
      float[] x,
      int x0At,
      int x1At,
      int x2At,
      int x3At,
      float[] g,
      int gAt,
      int positions,
      float[] tile) {
    var d00 = FloatVector.zero(SPECIES);
    var d01 = FloatVector.zero(SPECIES);
    var d10 = FloatVector.zero(SPECIES);
    var d11 = FloatVector.zero(SPECIES);
    var d20 = FloatVector.zero(SPECIES);
    var d21 = FloatVector.zero(SPECIES);
    var d30 = FloatVector.zero(SPECIES);
    var d31 = FloatVector.zero(SPECIES);
    for (int p = 0; p < positions; p++) {
      var g0 = FloatVector.fromArray(SPECIES, g, gAt + p * PANEL);
      var g1 = FloatVector.fromArray(SPECIES, g, gAt + p * PANEL + LANES);
      var x0 = FloatVector.broadcast(SPECIES, x[x0At + p]);
      d00 = x0.fma(g0, d00);
      d01 = x0.fma(g1, d01);
      var x1 = FloatVector.broadcast(SPECIES, x[x1At + p]);
      d10 = x1.fma(g0, d10);
      d11 = x1.fma(g1, d11);
      var x2 = FloatVector.broadcast(SPECIES, x[x2At + p]);
      d20 = x2.fma(g0, d20);
      d21 = x2.fma(g1, d21);
      var x3 = FloatVector.broadcast(SPECIES, x[x3At + p]);
      d30 = x3.fma(g0, d30);
      d31 = x3.fma(g1, d31);
    }
    d00.intoArray(tile, 0);
    d01.intoArray(tile, LANES);
    d10.intoArray(tile, PANEL);
    d11.intoArray(tile, PANEL + LANES);
    d20.intoArray(tile, 2 * PANEL);
    d21.intoArray(tile, 2 * PANEL + LANES);
    d30.intoArray(tile, 3 * PANEL);
    d31.intoArray(tile, 3 * PANEL + LANES);
  }
}
