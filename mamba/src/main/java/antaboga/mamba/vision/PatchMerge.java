// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import antaboga.Dims;
import antaboga.Tensor;
import antaboga.nn.Init;
import antaboga.nn.Layer;
import antaboga.nn.LayerNorm;
import antaboga.nn.Linear;
import antaboga.nn.Weights;

/**
 * Halves height and width and doubles the channels: x (B, H, W, C), y (B, H/2, W/2, 2C). The four
 * positions of a cell, column by column, are normalised together and projected; an odd last row or
 * column is dropped. Keys {@code norm, reduction} as PatchMerging2D of VM-UNet.
 */
public record PatchMerge(LayerNorm norm, Linear reduction) implements Layer {
  /** From C to 2C channels. */
  public PatchMerge(Weights w, long channels) {
    this(
        new LayerNorm(w.at("norm"), 4 * channels, 1e-5),
        new Linear(
            w.at("reduction"),
            4 * channels,
            2 * channels,
            false,
            Init.truncatedNormal(0.02),
            Init.zeros()));
  }

  @Override
  public Tensor forward(Tensor x) {
    var dims = Dims.of("patchMerge").bind("x", x, "B H W C");
    long h = dims.size("H") / 2;
    long w = dims.size("W") / 2;
    long c = dims.size("C");
    var even = dims.size("H") % 2 == 0 ? x : x.slice(1, 0, 2 * h);
    even = dims.size("W") % 2 == 0 ? even : even.slice(2, 0, 2 * w);
    var cells =
        even.reshape(x.size(0), h, 2, w, 2, c)
            .permute(0, 1, 3, 4, 2, 5)
            .reshape(x.size(0), h, w, 4 * c);
    return reduction.forward(norm.forward(cells));
  }
}
