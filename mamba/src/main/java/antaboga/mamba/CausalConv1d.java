// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.Parameter;
import antaboga.ShapeException;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.kernel.DepthwiseKernel;
import antaboga.nn.Init;
import antaboga.nn.Layer;
import antaboga.nn.Weights;
import antaboga.ops.Convolution;
import java.util.Optional;

/**
 * Convolution of each channel along time that sees no later step: {@code y_t = sum_k w_k x_(t - K +
 * 1 + k) + b}; x (B, L, D), weight (D, 1, K), bias (D) or none, y (B, L, D). Before the first step
 * stand zeros, or the given states. Keys as the {@code conv1d} of mamba_ssm.
 */
public record CausalConv1d(Parameter weight, Optional<Parameter> bias) implements Layer {
  /** Starts as {@code torch.nn.Conv1d}. */
  public CausalConv1d(Weights w, long channels, long taps, boolean bias) {
    this(w, channels, taps, bias, Init.fanIn(taps), Init.fanIn(taps));
  }

  /** With other first values. */
  public CausalConv1d(
      Weights w, long channels, long taps, boolean bias, Init weight, Init biasInit) {
    this(
        w.get("weight", weight, channels, 1, taps),
        bias ? Optional.of(w.get("bias", biasInit, channels)) : Optional.empty());
  }

  /** The number of taps K. */
  public long taps() {
    return weight.size(2);
  }

  @Override
  public Tensor forward(Tensor x) {
    var op = new Convolution.Depthwise1d(DepthwiseKernel.Layout.CHANNELS_LAST);
    return bias.isPresent() ? Tape.apply(op, x, weight, bias.get()) : Tape.apply(op, x, weight);
  }

  /**
   * Continues a sequence.
   *
   * @param states the K - 1 inputs before x, (B, K - 1, D)
   * @return y and the last K - 1 inputs
   */
  public Continued forward(Tensor x, Tensor states) {
    long before = taps() - 1;
    if (states.size(1) != before) {
      throw new ShapeException(
          "causalConv1d: states have shape %s, expected (B, %d, D)"
              .formatted(states.shape(), before));
    }
    var whole = before == 0 ? x : Tensor.concat(1, states, x);
    long end = whole.size(1);
    return new Continued(
        forward(whole).slice(1, before, end),
        before == 0 ? states : whole.slice(1, end - before, end));
  }

  /**
   * A stretch of a sequence.
   *
   * @param y (B, L, D)
   * @param states the last K - 1 inputs, (B, K - 1, D)
   */
  public record Continued(Tensor y, Tensor states) {}
}
