// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.loss;

import static antaboga.kernel.Pointwise.map;

import antaboga.Op;
import antaboga.Tape;
import antaboga.Tensor;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Binary cross entropy from logits x: {@code -(w y ln sigmoid(x) + (1 - y) ln sigmoid(-x))},
 * without overflow. The target y lies in [0, 1] and may be soft.
 *
 * <p>Source: {@code torch.nn.BCEWithLogitsLoss}.
 *
 * @param positiveWeight w, more than 1 where lesions are small
 * @param reduction mean or sum over all elements, or none
 */
public record BinaryCrossEntropy(double positiveWeight, Reduction reduction) implements Loss {
  /** Equal weights, the mean over all elements. */
  public BinaryCrossEntropy() {
    this(1, Reduction.MEAN);
  }

  @Override
  public Tensor of(Tensor logits, Tensor target) {
    Classes.requireAlike(this, logits, target);
    return reduction.of(Tape.apply(new Terms(positiveWeight), logits, target));
  }

  record Terms(double positiveWeight) implements Op.Binary {
    @Override
    public Value apply(INDArray x, INDArray y) {
      return Value.of(
          map(x, y, (v, t) -> (1 - t) * v + weight(t) * softplus(-v)),
          g -> g.mul(map(x, y, (v, t) -> 1 - t - weight(t) / (1 + Math.exp(v)))),
          g -> g.mul(map(x, v -> (positiveWeight - 1) * softplus(-v) - v)));
    }

    private double weight(double target) {
      return 1 + (positiveWeight - 1) * target;
    }

    private static double softplus(double v) {
      return Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));
    }
  }
}
