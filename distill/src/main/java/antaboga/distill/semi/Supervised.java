// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.nn.Layer;
import antaboga.nn.data.MixedBatch;
import antaboga.nn.loss.BinaryCrossEntropy;
import antaboga.nn.loss.Dice;
import antaboga.nn.loss.Loss;

/**
 * Labelled images alone: {@code 1/2 (BCE + Dice)}, Dice summed over the whole batch, so that an
 * empty mask does no harm. The baseline of every comparison. Source: method.md, section 7.1.
 */
public record Supervised(Layer student) implements SemiSupervisedTraining.Objective {
  /** The loss of logits against masks, both (B, 1, H, W). */
  public static Loss loss() {
    return new BinaryCrossEntropy().plus(Dice.sigmoid().squared().overBatch()).times(0.5);
  }

  @Override
  public Losses of(MixedBatch batch, int step) {
    return Losses.of("supervised", loss().of(student.forward(batch.labelled()), batch.mask()));
  }

  @Override
  public String toString() {
    return "Supervised";
  }
}
