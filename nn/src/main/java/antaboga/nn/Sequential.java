// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Tensor;
import java.util.List;

/** Layers one after another. Their parameters were named when they were built. */
public record Sequential(List<Layer> layers) implements Layer {
  /** Keeps a copy of the list. */
  public Sequential {
    layers = List.copyOf(layers);
  }

  /** These layers, in this order. */
  public static Sequential of(Layer... layers) {
    return new Sequential(List.of(layers));
  }

  @Override
  public Tensor forward(Tensor x) {
    for (var layer : layers) {
      x = layer.forward(x);
    }
    return x;
  }
}
