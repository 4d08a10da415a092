// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import antaboga.Dims;
import antaboga.Parameter;
import antaboga.ShapeException;
import antaboga.Tensor;
import antaboga.mamba.CausalConv1d;
import antaboga.mamba.MambaBlock;
import antaboga.mamba.MambaConfig;
import antaboga.nn.Init;
import antaboga.nn.Layer;
import antaboga.nn.LayerNorm;
import antaboga.nn.Linear;
import antaboga.nn.Weights;

/**
 * Parallel vision Mamba: x (B, in, H, W), y (B, out, H, W). The positions, row by row, are
 * normalised; each quarter of the channels goes through one shared Mamba block and is added to it
 * with a learned weight; the same norm again, then a projection. Keys {@code norm, mamba, proj,
 * skip_scale} as PVMLayer of UltraLight VM-UNet.
 *
 * <p>Source: Wu et al. 2024, arXiv 2403.20035.
 */
public record PvmLayer(LayerNorm norm, MambaBlock mamba, Linear proj, Parameter skipScale)
    implements Layer {
  private static final int PARTS = 4;
  private static final Init PROJECTION = Init.truncatedNormal(0.02);

  /** From {@code in} to {@code out} channels; {@code in} is a multiple of 4. */
  public PvmLayer(Weights w, int in, int out) {
    this(
        new LayerNorm(w.at("norm"), in, 1e-5),
        mamba(w.at("mamba"), MambaConfig.of(in / PARTS)),
        new Linear(w.at("proj"), in, out, true, PROJECTION, Init.zeros()),
        w.get("skip_scale", Init.ones(), 1));
  }

  private static MambaBlock mamba(Weights w, MambaConfig c) {
    var weight = Init.normal(Math.sqrt(2.0 / (c.conv() * c.inner())));
    var conv =
        new CausalConv1d(w.at("conv1d"), c.inner(), c.conv(), c.convBias(), weight, Init.zeros());
    return new MambaBlock(w, c, PROJECTION, PROJECTION, conv);
  }

  @Override
  public Tensor forward(Tensor x) {
    var dims = Dims.of("pvm").bind("x", x, "B C H W");
    long c = dims.size("C");
    long b = dims.size("B");
    long positions = dims.size("H") * dims.size("W");
    if (c != norm.weight().size(0) || c % PARTS != 0) {
      throw new ShapeException(
          "pvm: x has shape %s, expected %d channels in 4 equal parts"
              .formatted(x.shape(), norm.weight().size(0)));
    }
    var tokens = norm.forward(x.reshape(b, c, positions).permute(0, 2, 1));
    // the quarters become a batch, so that one pass serves all four
    var parts =
        tokens
            .reshape(b, positions, PARTS, c / PARTS)
            .permute(0, 2, 1, 3)
            .reshape(b * PARTS, positions, c / PARTS);
    var mixed =
        mamba
            .forward(parts)
            .add(parts.mul(skipScale))
            .reshape(b, PARTS, positions, c / PARTS)
            .permute(0, 2, 1, 3)
            .reshape(b, positions, c);
    return proj.forward(norm.forward(mixed))
        .permute(0, 2, 1)
        .reshape(b, proj.weight().size(0), x.size(2), x.size(3));
  }
}
