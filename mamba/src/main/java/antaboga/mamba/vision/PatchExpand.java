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
 * Enlarges height and width: x (B, H, W, in), y (B, s·H, s·W, out). Each position is projected to
 * s·s·out channels, which become an s × s cell, row by row, normalised over its channels. Keys
 * {@code expand, norm} as PatchExpand2D and Final_PatchExpand2D of VM-UNet.
 */
public record PatchExpand(Linear expand, LayerNorm norm, int scale) implements Layer {
  /** From {@code in} to {@code out} channels. */
  public PatchExpand(Weights w, long in, long out, int scale) {
    this(
        new Linear(
            w.at("expand"),
            in,
            (long) scale * scale * out,
            false,
            Init.truncatedNormal(0.02),
            Init.zeros()),
        new LayerNorm(w.at("norm"), out, 1e-5),
        scale);
  }

  @Override
  public Tensor forward(Tensor x) {
    var dims = Dims.of("patchExpand").bind("x", x, "B H W C");
    long b = dims.size("B");
    long h = dims.size("H");
    long w = dims.size("W");
    long out = norm.weight().size(0);
    // normalised before the move, over the same channels: the last axis stays together
    return norm.forward(expand.forward(x).reshape(b, h, w, scale, scale, out))
        .permute(0, 1, 3, 2, 4, 5)
        .reshape(b, h * scale, w * scale, out);
  }
}
