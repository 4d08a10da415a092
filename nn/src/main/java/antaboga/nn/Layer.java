// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Tensor;

/** A function of a tensor that may have parameters. Implementations are immutable records. */
@FunctionalInterface
public interface Layer {
  /**
   * The layer's value at x; a training pass under an open tape, else inference.
   *
   * @throws antaboga.ShapeException if x does not fit
   */
  Tensor forward(Tensor x);

  /** This layer, then the next. */
  default Layer then(Layer next) {
    return x -> next.forward(forward(x));
  }
}
