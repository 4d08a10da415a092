// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Tape;
import antaboga.nn.Layer;
import antaboga.nn.data.MixedBatch;
import antaboga.nn.loss.BinaryCrossEntropy;
import antaboga.nn.loss.Dice;
import antaboga.nn.loss.Loss;

/**
 * Labelled images alone: {@code 1/2 (BCE + Dice)}, Dice summed over the whole batch, so that an
 * empty mask does no harm. The baseline of every comparison. Source: method.md, section 7.1.
 *
 * @param student what is trained
 * @param strong the weight of strong views of these images, for control: what remains of {@link
 *     StrongViews} without the others
 */
public record Supervised(Layer student, double strong) implements SemiSupervisedTraining.Objective {
  /** Without strong views. */
  public Supervised(Layer student) {
    this(student, 0);
  }

  /** The loss of logits against masks, both (B, 1, H, W). */
  public static Loss loss() {
    return new BinaryCrossEntropy().plus(Dice.sigmoid().squared().overBatch()).times(0.5);
  }

  @Override
  public Losses of(MixedBatch batch, int step) {
    var logits = student.forward(batch.labelled());
    var losses = Losses.of("supervised", loss().of(logits, batch.mask()));
    if (strong == 0) {
      return losses;
    }
    var taught = new StrongViews.Taught(batch.labelled(), batch.mask());
    var views = StrongViews.of(student, taught, Tape.current().orElseThrow().random());
    return losses.plus("strong", strong, views);
  }

  @Override
  public String toString() {
    return strong == 0 ? "Supervised" : "Supervised[strong=%s]".formatted(strong);
  }
}
