// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Dims;
import antaboga.Parameter;
import antaboga.Tensor;
import antaboga.nn.Init;
import antaboga.nn.Weights;
import java.util.Arrays;

/**
 * A transposed convolution whose stride is its size: each position becomes a patch. Channels stay
 * last: weight (C, O, p, p), bias (O).
 */
record PatchConvTranspose(Parameter weight, Parameter bias) {
  PatchConvTranspose(Weights w, int in, int out, int size) {
    this( // PyTorch takes the fan in of the transposed weight's second axis
        w.get("weight", Init.fanIn((long) out * size * size), in, out, size, size),
        w.get("bias", Init.fanIn((long) out * size * size), out));
  }

  /**
   * The patches of all positions, (..., C) to (..., p p, O): where each place of a patch goes in
   * the image is left to the caller, who may have something smaller to move in the end.
   */
  Tensor forward(Tensor x) {
    Dims.of("patches").bind("weight", weight, "C O p p");
    long out = weight.size(1);
    long places = weight.size(2) * weight.size(3);
    var weights = weight.permute(2, 3, 1, 0).reshape(places * out, weight.size(0));
    var biases = bias.reshape(1, out).expand(places, out).reshape(places * out);
    var shape = Arrays.copyOf(x.shape().toArray(), x.shape().rank() + 1);
    shape[x.shape().rank() - 1] = places;
    shape[x.shape().rank()] = out;
    return x.linear(weights, biases).reshape(shape);
  }
}
