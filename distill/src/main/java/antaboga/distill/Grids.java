// SPDX-License-Identifier: Apache-2.0
package antaboga.distill;

import antaboga.ShapeException;
import antaboga.Tensor;

/** Feature maps brought to a common grid. */
public final class Grids {
  private Grids() {}

  /**
   * The mean over square cells, so that the map gets this side: x (B, C, H, H), returns (B, C,
   * side, side). A map that has the side already is returned as it is.
   *
   * @throws ShapeException if H is not a multiple of the side, or the map is not square
   */
  public static Tensor pool(Tensor x, int side) {
    requireSquare(x);
    long height = x.size(2);
    if (side < 1 || height % side != 0) {
      throw new ShapeException(
          "pool: map of shape %s to side %d, expected a divisor of %d"
              .formatted(x.shape(), side, height));
    }
    if (height == side) {
      return x;
    }
    long cell = height / side;
    return x.reshape(x.size(0), x.size(1), side, cell, side, cell).mean(3, 5);
  }

  /**
   * The logit of the mean probability of each cell, exact where probabilities round to 0 or 1:
   * {@code ln(mean sigmoid(x)) - ln(mean sigmoid(-x))}. Shapes as for {@link #pool}.
   */
  public static Tensor poolLogits(Tensor logits, int side) {
    requireSquare(logits);
    if (logits.size(2) == side) {
      return logits;
    }
    return logMeanSigmoid(logits, side).sub(logMeanSigmoid(logits.neg(), side));
  }

  // up to the constant ln(cell), which cancels
  private static Tensor logMeanSigmoid(Tensor x, int side) {
    long cell = x.size(2) / side;
    if (cell * side != x.size(2)) {
      throw new ShapeException(
          "pool: logits of shape %s to side %d, expected a divisor of %d"
              .formatted(x.shape(), side, x.size(2)));
    }
    return x.logSigmoid()
        .reshape(x.size(0), x.size(1), side, cell, side, cell)
        .permute(0, 1, 2, 4, 3, 5)
        .reshape(x.size(0), x.size(1), side, side, cell * cell)
        .logSumExp(-1);
  }

  private static void requireSquare(Tensor x) {
    if (x.shape().rank() != 4 || x.size(2) != x.size(3)) {
      throw new ShapeException("pool: map of shape " + x.shape() + ", expected (B, C, H, H)");
    }
  }
}
