// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.Dims;
import antaboga.Parameter;
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
   * Continues a sequence, where there is more than one tap.
   *
   * @param states the K - 1 inputs before x, (B, K - 1, D)
   * @return y and the last K - 1 inputs
   */
  public Continued forward(Tensor x, Tensor states) {
    long before = taps() - 1;
    Dims.of("causalConv1d").bind("x", x, "B L D").bind("states", states, "B " + before + " D");
    var whole = Tensor.concat(1, states, x);
    long end = whole.size(1);
    return new Continued(forward(whole).slice(1, before, end), whole.slice(1, end - before, end));
  }

  /**
   * One step of a sequence.
   *
   * @param x (B, D)
   * @param states the K - 1 inputs before x, (B, K - 1, D)
   * @return y (B, D) and the last K - 1 inputs
   */
  public Continued step(Tensor x, Tensor states) {
    var next = forward(x.reshape(x.size(0), 1, -1), states);
    return new Continued(next.y().reshape(x.shape().toArray()), next.states());
  }

  /**
   * A stretch of a sequence.
   *
   * @param y (B, L, D), or (B, D) after one step
   * @param states the last K - 1 inputs, (B, K - 1, D)
   */
  public record Continued(Tensor y, Tensor states) {}
}
