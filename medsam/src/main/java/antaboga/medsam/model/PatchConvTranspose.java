// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Dims;
import antaboga.Parameter;
import antaboga.Tensor;
import antaboga.nn.Init;
import antaboga.nn.Weights;

/**
 * A transposed convolution whose stride is its size: each position becomes a patch. Channels stay
 * last: x (B, H, W, C), weight (C, O, p, p), bias (O), y (B, pH, pW, O).
 */
record PatchConvTranspose(Parameter weight, Parameter bias) {
  PatchConvTranspose(Weights w, int in, int out, int size) {
    this( // PyTorch takes the fan in of the transposed weight's second axis
        w.get("weight", Init.fanIn((long) out * size * size), in, out, size, size),
        w.get("bias", Init.fanIn((long) out * size * size), out));
  }

  Tensor forward(Tensor x) {
    Dims.of("patches").bind("weight", weight, "C O p p").bind("x", x, "B H W C");
    long out = weight.size(1);
    long p = weight.size(2);
    // an output channel for each place in the patch, so that whole rows of patches are moved
    var places = weight.permute(2, 3, 1, 0).reshape(p * p * out, weight.size(0));
    var biases = bias.reshape(1, out).expand(p * p, out).reshape(p * p * out);
    return x.linear(places, biases)
        .reshape(x.size(0), x.size(1), x.size(2), p, p * out)
        .permute(0, 1, 3, 2, 4)
        .reshape(x.size(0), x.size(1) * p, x.size(2) * p, out);
  }
}
