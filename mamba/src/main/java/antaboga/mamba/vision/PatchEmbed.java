// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import antaboga.Dims;
import antaboga.Parameter;
import antaboga.Tensor;
import antaboga.nn.Init;
import antaboga.nn.Layer;
import antaboga.nn.LayerNorm;
import antaboga.nn.Weights;

/**
 * Non-overlapping patches, projected and normalised: x (B, C, H, W), y (B, H/p, W/p, width). Keys
 * {@code proj, norm} as PatchEmbed2D of VM-UNet; the weight is that of a convolution, (width, C, p,
 * p).
 */
record PatchEmbed(Parameter weight, Parameter bias, LayerNorm norm) implements Layer {
  PatchEmbed(Weights w, long channels, long width, long patch) {
    this(
        w.at("proj")
            .get("weight", Init.fanIn(channels * patch * patch), width, channels, patch, patch),
        w.at("proj").get("bias", Init.fanIn(channels * patch * patch), width),
        new LayerNorm(w.at("norm"), width, 1e-5));
  }

  /** Makes the bias as wide as what the weights make of an even patch of 1. */
  void widen() {
    double fanIn = weight.size(1) * weight.size(2) * weight.size(3);
    bias.assign(bias.array().mul(Math.sqrt(fanIn)));
  }

  @Override
  public Tensor forward(Tensor x) {
    long p = weight.size(2);
    var dims = Dims.of("patchEmbed").bind("x", x, "B C H W").bind("weight", weight, "O C p p");
    long h = dims.size("H") / p;
    long w = dims.size("W") / p;
    var patches =
        x.reshape(x.size(0), x.size(1), h, p, w, p)
            .permute(0, 2, 4, 1, 3, 5)
            .reshape(x.size(0), h, w, x.size(1) * p * p);
    return norm.forward(patches.linear(weight.reshape(weight.size(0), -1), bias));
  }
}
