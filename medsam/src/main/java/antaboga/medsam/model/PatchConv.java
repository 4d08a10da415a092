// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Dims;
import antaboga.Parameter;
import antaboga.Tensor;
import antaboga.nn.Init;
import antaboga.nn.Weights;

/**
 * A convolution whose stride is its size, as a product of each patch with the weight: weight (O, C,
 * p, p), bias (O). Channels come out last, where the next layer wants them.
 */
record PatchConv(Parameter weight, Parameter bias) {
  PatchConv(Weights w, int in, int out, int size) {
    this(
        w.get("weight", Init.fanIn((long) in * size * size), out, in, size, size),
        w.get("bias", Init.fanIn((long) in * size * size), out));
  }

  /** From an image (B, C, H, W) to (B, H/p, W/p, O). */
  Tensor ofImage(Tensor x) {
    Dims.of("patches").bind("weight", weight, "O C p p").bind("x", x, "B C H W");
    long p = weight.size(2);
    return product(
        x.reshape(x.size(0), x.size(1), x.size(2) / p, p, x.size(3) / p, p)
            .permute(0, 2, 4, 1, 3, 5));
  }

  /** From channels last (B, H, W, C) to (B, H/p, W/p, O). */
  Tensor ofChannelsLast(Tensor x) {
    Dims.of("patches").bind("weight", weight, "O C p p").bind("x", x, "B H W C");
    long p = weight.size(2);
    return product(
        x.reshape(x.size(0), x.size(1) / p, p, x.size(2) / p, p, x.size(3))
            .permute(0, 1, 3, 5, 2, 4));
  }

  private Tensor product(Tensor patches) { // (B, h, w, C, p, p)
    long taps = weight.shape().elements() / weight.size(0);
    return patches
        .reshape(patches.size(0), patches.size(1), patches.size(2), taps)
        .linear(weight.reshape(weight.size(0), taps), bias);
  }
}
