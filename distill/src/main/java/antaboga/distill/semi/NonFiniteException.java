// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Gradients;
import antaboga.NonFiniteValueException;
import antaboga.Parameter;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.ops.Reduction;
import java.util.List;

/**
 * A loss, a gradient or a value on the way is NaN or infinite: the run has stopped before anything
 * was changed.
 */
public final class NonFiniteException extends ArithmeticException {
  private static final long serialVersionUID = 1;
  private static final String REMEDY =
      "; a lower learning rate or a longer warm-up may help, and the checkpoint is of before";

  private final int step;
  private final String culprit;

  private NonFiniteException(int step, String culprit, String message) {
    super("step " + step + ": " + message + REMEDY);
    this.step = step;
    this.culprit = culprit;
  }

  /** An operation has refused a value on the way to the losses. */
  NonFiniteException(int step, NonFiniteValueException refused) {
    this(step, "forward", String.valueOf(refused.getMessage()));
    initCause(refused);
  }

  /** The step, counted from 0. */
  public int step() {
    return step;
  }

  /** The name of the loss term, or of the parameter whose gradient it is, or {@code forward}. */
  public String culprit() {
    return culprit;
  }

  static void check(int step, Losses losses, Tape tape) {
    for (var term : losses.terms()) {
      double value = term.value().item();
      if (!Double.isFinite(value * term.weight())) {
        throw new NonFiniteException(
            step,
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

  static void check(int step, Gradients gradients, List<Parameter> parameters) {
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
        step, culprit, "the losses are finite, the gradient of " + culprit + " is not");
  }

  private static boolean isBad(Tensor gradient) {
    return !Reduction.isFinite(gradient.array());
  }
}
