// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import antaboga.Tensor;
import antaboga.nn.DropPath;
import antaboga.nn.Layer;
import antaboga.nn.LayerNorm;
import antaboga.nn.Weights;

/**
 * The block of VM-UNet: {@code x + dropPath(ss2d(norm(x)))}; x (B, H, W, width). Keys {@code ln_1,
 * self_attention}.
 *
 * <p>Source: Ruan et al. 2024, arXiv 2402.02491.
 */
public record VssBlock(LayerNorm ln1, Ss2d selfAttention, DropPath dropPath) implements Layer {
  /**
   * A block of these sizes.
   *
   * @param eps of the norm: 1e-5 inside VM-UNet, 1e-6 where upstream's block stands alone
   */
  public VssBlock(Weights w, Ss2dConfig config, double eps, double dropPath) {
    this(
        new LayerNorm(w.at("ln_1"), config.width(), eps),
        new Ss2d(w.at("self_attention"), config),
        new DropPath(dropPath));
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.add(dropPath.forward(selfAttention.forward(ln1.forward(x))));
  }
}
