// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.ShapeException;
import antaboga.Tensor;
import antaboga.nn.Layer;
import antaboga.nn.Weights;

/** Tokens of an image, one for each patch: x (B, 3, H, W), y (B, H/p, W/p, width). */
record PatchEmbed(PatchConv proj) implements Layer {
  PatchEmbed(Weights w, MedSamConfig c) {
    this(new PatchConv(w.at("proj"), 3, c.width(), c.patch()));
  }

  @Override
  public Tensor forward(Tensor x) {
    long p = proj.weight().size(2);
    if (x.shape().rank() != 4 || x.size(1) != 3 || x.size(2) % p != 0 || x.size(3) % p != 0) {
      throw new ShapeException(
          "image encoder: x has shape %s, expected (B, 3, H, W) with H and W multiples of %d"
              .formatted(x.shape(), p));
    }
    return proj.ofImage(x);
  }
}
