// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Parameter;
import antaboga.Tensor;
import antaboga.Window;
import java.util.Optional;

/**
 * The adjoint of a convolution, which enlarges: x (B, in, H, W), weight (in, out, kh, kw), bias
 * (out) or none, y (B, out, H', W') with {@code H' = (H - 1) stride - 2 padding + dilation (kh - 1)
 * + 1}. Keys and start as {@code torch.nn.ConvTranspose2d}.
 */
public record ConvTranspose2d(Parameter weight, Optional<Parameter> bias, Window window)
    implements Layer {
  /** With a bias; both start uniform on ±1/sqrt(out kh kw), PyTorch's fan in of this layer. */
  public ConvTranspose2d(Weights w, long in, long out, Window window) {
    this(w, in, out, window, true);
  }

  /** With or without a bias. */
  public ConvTranspose2d(Weights w, long in, long out, Window window, boolean bias) {
    this(
        w.get("weight", Init.fanIn(out * window.taps()), in, out, window.height(), window.width()),
        bias ? Optional.of(w.get("bias", Init.fanIn(out * window.taps()), out)) : Optional.empty(),
        window);
  }

  @Override
  public Tensor forward(Tensor x) {
    return bias.map(b -> x.convTranspose2d(weight, b, window))
        .orElseGet(() -> x.convTranspose2d(weight, window));
  }
}
