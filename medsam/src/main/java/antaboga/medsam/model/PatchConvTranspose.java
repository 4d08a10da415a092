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
    return x.reshape(-1, x.size(3))
        .matmul(weight.reshape(weight.size(0), out * p * p))
        .reshape(x.size(0), x.size(1), x.size(2), out, p, p)
        .permute(0, 1, 4, 2, 5, 3)
        .reshape(x.size(0), x.size(1) * p, x.size(2) * p, out)
        .add(bias);
  }
}
