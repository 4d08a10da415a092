// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import antaboga.Tensor;
import antaboga.nn.DropPath;
import antaboga.nn.Layer;
import antaboga.nn.LayerNorm;
import antaboga.nn.Linear;
import antaboga.nn.Weights;

/**
 * The block of VMamba: {@code x += dropPath(ss2d(norm(x))); x += dropPath(mlp(norm2(x)))}; x (B, H,
 * W, width), or (B, width, H, W) with channels first. Keys {@code norm, op, norm2, mlp.fc1,
 * mlp.fc2}.
 *
 * <p>Source: Liu et al. 2024, arXiv 2401.10166.
 */
public record VmambaBlock(
    LayerNorm norm,
    Ss2d op,
    LayerNorm norm2,
    Linear fc1,
    Linear fc2,
    DropPath dropPath,
    boolean channelsFirst)
    implements Layer {
  /**
   * A block of these sizes.
   *
   * @param hidden width of the two-layer network
   */
  public VmambaBlock(
      Weights w, Ss2dConfig config, int hidden, double dropPath, boolean channelsFirst) {
    this(
        new LayerNorm(w.at("norm"), config.width(), 1e-5),
        new Ss2d(w.at("op"), config),
        new LayerNorm(w.at("norm2"), config.width(), 1e-5),
        new Linear(w.at("mlp").at("fc1"), config.width(), hidden),
        new Linear(w.at("mlp").at("fc2"), hidden, config.width()),
        new DropPath(dropPath),
        channelsFirst);
  }

  @Override
  public Tensor forward(Tensor x) {
    return channelsFirst ? last(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2) : last(x);
  }

  private Tensor last(Tensor x) {
    var y = x.add(dropPath.forward(op.forward(norm.forward(x))));
    return y.add(dropPath.forward(fc2.forward(fc1.forward(norm2.forward(y)).gelu())));
  }
}
