// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Tensor;

/**
 * Two linear layers with an activation between: x (..., width), y (..., width). Keys {@code lin1},
 * {@code lin2} as {@code MLPBlock} of segment_anything.
 */
public record Mlp(Linear lin1, Linear lin2, Layer activation) implements Layer {
  /** With GELU between. */
  public Mlp(Weights w, long width, long hidden) {
    this(w, width, hidden, Activation.GELU);
  }

  /** With another activation. */
  public Mlp(Weights w, long width, long hidden, Layer activation) {
    this(
        new Linear(w.at("lin1"), width, hidden),
        new Linear(w.at("lin2"), hidden, width),
        activation);
  }

  @Override
  public Tensor forward(Tensor x) {
    return lin2.forward(activation.forward(lin1.forward(x)));
  }
}
