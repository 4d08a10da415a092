// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Gradients;
import antaboga.NonFiniteValueException;
import antaboga.Parameter;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.nn.data.MixedBatch;
import antaboga.nn.data.View;
import antaboga.ops.Reduction;
import java.util.List;
import java.util.stream.Stream;

/**
 * A loss, a gradient or a value on the way is NaN or infinite: found before the step has changed
 * anything.
 */
public final class NonFiniteException extends ArithmeticException {
  private static final long serialVersionUID = 1;
  private static final String REMEDY =
      "; a lower learning rate or a longer warm-up may help, and the checkpoint is of before";

  private final int step;
  private final String culprit;
  private final transient List<String> batch;

  private NonFiniteException(int step, MixedBatch batch, String culprit, String message) {
    this(step, names(batch), culprit, message);
  }

  private NonFiniteException(int step, List<String> batch, String culprit, String message) {
    super("step %d: %s; batch: %s%s".formatted(step, message, String.join(" ", batch), REMEDY));
    this.step = step;
    this.batch = batch;
    this.culprit = culprit;
  }

  /** An operation has refused a value on the way to the losses. */
  NonFiniteException(int step, MixedBatch batch, NonFiniteValueException refused) {
    this(step, batch, "forward", String.valueOf(refused.getMessage()));
    initCause(refused);
  }

  private static List<String> names(MixedBatch batch) {
    return Stream.concat(batch.labelledViews().stream(), batch.unlabelledViews().stream())
        .map(View::name)
        .distinct()
        .toList();
  }

  /** The step, counted from 0. */
  public int step() {
    return step;
  }

  /** The name of the loss term, or of the parameter whose gradient it is, or {@code forward}. */
  public String culprit() {
    return culprit;
  }

  /** The names of the images of the step. */
  public List<String> batch() {
    return batch;
  }

  static void check(int step, MixedBatch batch, Losses losses, Tape tape) {
    for (var term : losses.terms()) {
      double value = term.value().item();
      if (!Double.isFinite(value * term.weight())) {
        throw new NonFiniteException(
            step,
            batch,
            term.name(),
            "loss term %s is %s with weight %s; first bad value: %s"
                .formatted(
                    term.name(),
                    value,
                    term.weight(),
                    tape.firstNonFinite().orElse("in a constant, such as the batch")));
      }
    }
  }

  static void check(int step, MixedBatch batch, Gradients gradients, List<Parameter> parameters) {
    if (Double.isFinite(gradients.norm())) {
      return;
    }
    var culprit =
        parameters.stream()
            .filter(p -> gradients.of(p).map(NonFiniteException::isBad).orElse(false))
            .findFirst()
            .map(Parameter::name)
            .orElse("all together");
    throw new NonFiniteException(
        step, batch, culprit, "the losses are finite, the gradient of " + culprit + " is not");
  }

  private static boolean isBad(Tensor gradient) {
    return !Reduction.isFinite(gradient.array());
  }
}
