// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Parameter;
import antaboga.Tensor;
import antaboga.Window;
import antaboga.io.OnnxValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A convolution: x (B, in, H, W), weight (out, in / groups, kh, kw), bias (out) or none, y (B, out,
 * H', W'). With as many groups as channels it works on each channel by itself. Keys and start as
 * {@code torch.nn.Conv2d}.
 *
 * <pre>{@code
 * new Conv2d(w.at("neck").at(2), 256, 256, Window.of(3).padding(1));
 * }</pre>
 */
public record Conv2d(Parameter weight, Optional<Parameter> bias, Window window, int groups)
    implements Layer {
  /** With a bias; both start uniform on ±1/sqrt(fan in). */
  public Conv2d(Weights w, long in, long out, Window window) {
    this(w, in, out, window, 1, true);
  }

  /** In groups, with or without a bias. */
  public Conv2d(Weights w, long in, long out, Window window, int groups, boolean bias) {
    this(w, in, out, window, groups, bias, start(in, window, groups), start(in, window, groups));
  }

  /** With other first values. */
  public Conv2d(
      Weights w,
      long in,
      long out,
      Window window,
      int groups,
      boolean bias,
      Init weight,
      Init biasInit) {
    this(
        w.get("weight", weight, out, perGroup(in, out, groups), window.height(), window.width()),
        bias ? Optional.of(w.get("bias", biasInit, out)) : Optional.empty(),
        window,
        groups);
  }

  private static Init start(long in, Window window, int groups) {
    return Init.fanIn(Math.max(1, in / Math.max(1, groups)) * window.taps());
  }

  private static long perGroup(long in, long out, int groups) {
    if (groups < 1 || in % groups != 0 || out % groups != 0) {
      throw new IllegalArgumentException(
          "Conv2d: %d to %d channels in %d groups, expected equal groups"
              .formatted(in, out, groups));
    }
    return in / groups;
  }

  @Override
  public Tensor forward(Tensor x) {
    return bias.map(b -> x.conv2d(weight, b, window, groups))
        .orElseGet(() -> x.conv2d(weight, window, groups));
  }

  /** The same in a graph. */
  public OnnxValue graph(OnnxValue x) {
    var inputs = new ArrayList<>(List.of(x, x.graph().parameter(weight)));
    bias.ifPresent(b -> inputs.add(x.graph().parameter(b)));
    var attributes =
        Map.of(
            "group",
            groups,
            "kernel_shape",
            new long[] {window.height(), window.width()},
            "strides",
            new long[] {window.strideH(), window.strideW()},
            "dilations",
            new long[] {window.dilationH(), window.dilationW()},
            "pads",
            new long[] {
              window.paddingH(), window.paddingW(), window.paddingH(), window.paddingW()
            });
    return x.graph().apply("Conv", inputs, attributes);
  }
}
