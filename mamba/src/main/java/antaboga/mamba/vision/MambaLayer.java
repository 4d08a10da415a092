// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import antaboga.Dims;
import antaboga.Parameter;
import antaboga.Tensor;
import antaboga.mamba.MambaBlock;
import antaboga.mamba.MambaConfig;
import antaboga.nn.Init;
import antaboga.nn.Layer;
import antaboga.nn.LayerNorm;
import antaboga.nn.Linear;
import antaboga.nn.Weights;

/**
 * A Mamba block over an image, row by row: {@code y = proj(norm(mamba(norm(x)) + s x))}; x (B, in,
 * H, W), y (B, out, H, W). Both norms are one; the skip takes x as it came. Keys {@code norm,
 * mamba, proj, skip_scale} as MambaLayer of LightM-UNet.
 *
 * <p>Source: Liao et al. 2024, arXiv 2403.05246, section 2.3.
 */
public record MambaLayer(LayerNorm norm, MambaBlock mamba, Linear proj, Parameter skipScale)
    implements Layer {
  /** From {@code in} to {@code out} channels, a scan of {@code state} states. */
  public MambaLayer(Weights w, int in, int out, int state) {
    this(
        new LayerNorm(w.at("norm"), in, 1e-5),
        new MambaBlock(w.at("mamba"), MambaConfig.of(in).withState(state)),
        new Linear(w.at("proj"), in, out),
        w.get("skip_scale", Init.ones(), 1));
  }

  @Override
  public Tensor forward(Tensor x) {
    long in = norm.weight().size(0);
    var dims = Dims.of("mambaLayer").bind("x", x, "B " + in + " H W");
    var tokens = x.reshape(x.size(0), in, dims.size("H") * dims.size("W")).permute(0, 2, 1);
    var mixed = mamba.forward(norm.forward(tokens)).add(tokens.mul(skipScale));
    return proj.forward(norm.forward(mixed))
        .permute(0, 2, 1)
        .reshape(x.size(0), proj.weight().size(0), x.size(2), x.size(3));
  }
}
