// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import antaboga.Parameter;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.Window;
import antaboga.kernel.DepthwiseKernel.Layout;
import antaboga.nn.Init;
import antaboga.nn.Layer;
import antaboga.nn.Weights;
import antaboga.ops.Convolution;
import java.util.Optional;

/**
 * Convolution of each channel by itself that keeps height and width: x (B, H, W, C), weight (C, 1,
 * k, k), bias (C) or none, y as x.
 */
public record DepthwiseConv(Parameter weight, Optional<Parameter> bias) implements Layer {
  /** Starts as {@code torch.nn.Conv2d}. */
  public DepthwiseConv(Weights w, long channels, int size, boolean bias) {
    this(
        w.get("weight", Init.fanIn((long) size * size), channels, 1, size, size),
        bias
            ? Optional.of(w.get("bias", Init.fanIn((long) size * size), channels))
            : Optional.empty());
  }

  @Override
  public Tensor forward(Tensor x) {
    int size = Math.toIntExact(weight.size(2));
    var window = Window.of(size).padding(size / 2);
    var op = new Convolution.Depthwise2d(window, Layout.CHANNELS_LAST);
    return bias.isPresent() ? Tape.apply(op, x, weight, bias.get()) : Tape.apply(op, x, weight);
  }
}
