// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.loss;

import static antaboga.kernel.Pointwise.map;

import antaboga.Op;
import antaboga.Tape;
import antaboga.Tensor;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Binary cross entropy from probabilities p: {@code -(y ln p + (1 - y) ln(1 - p))}, each logarithm
 * at least -100. Prefer {@link BinaryCrossEntropy} where logits are at hand: its gradient does not
 * explode at 0 and 1.
 *
 * <p>Source: {@code torch.nn.BCELoss}, whose gradient {@code (p - y) / max(p (1 - p), 1e-12)} this
 * is too.
 *
 * @param reduction mean or sum over all elements, or none
 */
public record ProbabilityCrossEntropy(Reduction reduction) implements Loss {
  /** The mean over all elements. */
  public ProbabilityCrossEntropy() {
    this(Reduction.MEAN);
  }

  @Override
  public Tensor of(Tensor probabilities, Tensor target) {
    Classes.requireAlike(this, probabilities, target);
    return reduction.of(Tape.apply(new Terms(), probabilities, target));
  }

  record Terms() implements Op.Binary {
    @Override
    public Value apply(INDArray p, INDArray y) {
      return Value.of(
          map(p, y, (v, t) -> -(t * log(v) + (1 - t) * log(1 - v))),
          g -> g.mul(map(p, y, (v, t) -> (v - t) / Math.max(v * (1 - v), 1e-12))),
          g -> g.mul(map(p, v -> log(1 - v) - log(v))));
    }

    private static double log(double v) {
      return Math.max(Math.log(v), -100);
    }
  }
}
