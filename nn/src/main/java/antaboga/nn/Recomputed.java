// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Tape;
import antaboga.Tensor;

/**
 * A layer of which a training pass keeps the result alone, and which it passes a second time for
 * the gradient: another forward pass for the memory of all that lies inside. Values and gradients
 * are the layer's own, bit for bit. See {@link Tape#recomputed}.
 *
 * @param layer a block of a network rather than the whole of it, or nothing is saved
 */
public record Recomputed(Layer layer) implements Layer {
  @Override
  public Tensor forward(Tensor x) {
    return Tape.recomputed(() -> layer.forward(x));
  }
}
