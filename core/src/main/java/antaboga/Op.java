// SPDX-License-Identifier: Apache-2.0
package antaboga;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A differentiable operation. Implementations are records; their components are the operation's
 * constants, so that a tape prints itself.
 *
 * <p>Inputs are dense and row-major; so must be the value and every gradient that comes back. An
 * operation never changes its inputs and never sees a {@link Tensor} or the {@link Tape}.
 */
@FunctionalInterface
public interface Op {
  /**
   * Computes the value and, beside it, how a gradient flows back to each input.
   *
   * @throws ShapeException if the shapes of the inputs do not fit together
   */
  Value apply(INDArray... inputs);

  /** Maps the gradient of the value to the gradient of one input, in that input's shape. */
  @FunctionalInterface
  interface Pullback {
    INDArray apply(INDArray gradient);
  }

  /**
   * Maps the gradient of the value to the gradients of all inputs at once, for fused kernels. An
   * entry is read only where {@code needed} is true.
   */
  @FunctionalInterface
  interface Backward {
    INDArray[] apply(INDArray gradient, boolean[] needed);
  }

  /** An operation's result: the array and the way back. */
  record Value(INDArray array, Backward backward) {
    /** A value with one pullback for each input, in order; a pullback runs only when needed. */
    public static Value of(INDArray array, Pullback... pullbacks) {
      return new Value(
          array,
          (gradient, needed) -> {
            var gradients = new INDArray[pullbacks.length];
            for (int i = 0; i < pullbacks.length; i++) {
              if (needed[i]) {
                gradients[i] = pullbacks[i].apply(gradient);
              }
            }
            return gradients;
          });
    }
  }

  /**
   * An operation that takes a part of its first input and has no other: gradients of many parts are
   * added up in one array of the whole.
   */
  interface Part {
    /** Adds the gradient of the value where the part is in the input's gradient. */
    void addBack(INDArray gradient, INDArray whole);
  }

  /** An operation on one input. */
  interface Unary extends Op {
    Value apply(INDArray x);

    @Override
    default Value apply(INDArray... inputs) {
      if (inputs.length != 1) {
        throw new IllegalArgumentException(this + ": got " + inputs.length + " inputs, expected 1");
      }
      return apply(inputs[0]);
    }
  }

  /** An operation on two inputs. */
  interface Binary extends Op {
    Value apply(INDArray a, INDArray b);

    @Override
    default Value apply(INDArray... inputs) {
      if (inputs.length != 2) {
        throw new IllegalArgumentException(this + ": got " + inputs.length + " inputs, expected 2");
      }
      return apply(inputs[0], inputs[1]);
    }
  }
}
