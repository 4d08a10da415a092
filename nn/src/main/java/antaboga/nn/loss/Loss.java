// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.loss;

import antaboga.Tensor;

/**
 * How far a prediction is from its target.
 *
 * <pre>{@code
 * Loss loss = new BinaryCrossEntropy().plus(Dice.sigmoid().squared()); // MedSAM's
 * }</pre>
 */
@FunctionalInterface
public interface Loss {
  /**
   * The loss, a scalar unless the implementation says otherwise. Gradients flow to the prediction,
   * and to the target unless it is a constant.
   *
   * @throws antaboga.ShapeException if the shapes do not fit together; nothing is broadcast
   */
  Tensor of(Tensor prediction, Tensor target);

  /** The sum of this loss and another one. */
  default Loss plus(Loss other) {
    return new Sum(this, other);
  }

  /** This loss times a weight. */
  default Loss times(double weight) {
    return new Scaled(this, weight);
  }

  /** See {@link Loss#plus}. */
  record Sum(Loss first, Loss second) implements Loss {
    @Override
    public Tensor of(Tensor prediction, Tensor target) {
      return first.of(prediction, target).add(second.of(prediction, target));
    }
  }

  /** See {@link Loss#times}. */
  record Scaled(Loss loss, double weight) implements Loss {
    @Override
    public Tensor of(Tensor prediction, Tensor target) {
      return loss.of(prediction, target).mul(weight);
    }
  }
}
