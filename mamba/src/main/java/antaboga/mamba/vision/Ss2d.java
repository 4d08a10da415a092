// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import antaboga.Dims;
import antaboga.Parameter;
import antaboga.Tensor;
import antaboga.mamba.MambaInit;
import antaboga.mamba.ScanOptions;
import antaboga.mamba.SelectiveScan;
import antaboga.nn.Init;
import antaboga.nn.Layer;
import antaboga.nn.LayerNorm;
import antaboga.nn.Linear;
import antaboga.nn.Weights;

/**
 * The two-dimensional scan of VMamba: x (B, H, W, width), y the same. Four scans visit the image in
 * four orders and their outputs are summed; they read it where it stands.
 *
 * <p>Keys as SS2D of VM-UNet or VMamba, by the configuration. Source: Liu et al. 2024, arXiv
 * 2401.10166.
 *
 * @param xProj of the four scans: factors of delta, B and C
 * @param deltaProj from factors to delta
 * @param deltaBias (4, inner)
 * @param aLogs (4·inner, N): A = -exp(A_logs)
 * @param ds (4·inner)
 */
public record Ss2d(
    Ss2dConfig config,
    Linear inProj,
    DepthwiseConv conv2d,
    Parameter xProj,
    Parameter deltaProj,
    Parameter deltaBias,
    Parameter aLogs,
    Parameter ds,
    LayerNorm outNorm,
    Linear outProj)
    implements Layer {
  private static final int SCANS = 4;
  private static final Init PROJECTION = Init.truncatedNormal(0.02);

  /** A layer of these sizes. */
  public Ss2d(Weights w, Ss2dConfig c) {
    this(
        c,
        new Linear(
            w.at("in_proj"),
            c.width(),
            (c.gate() ? 2L : 1L) * c.inner(),
            c.bias(),
            PROJECTION,
            Init.zeros()),
        new DepthwiseConv(w.at("conv2d"), c.inner(), c.conv(), c.convBias()),
        xProj(w, c),
        deltaProj(w, c),
        w.get("dt_projs_bias", MambaInit.deltaBias(), SCANS, c.inner()),
        w.get("A_logs", MambaInit.stateDecay(), (long) SCANS * c.inner(), c.state()),
        w.get("Ds", Init.ones(), (long) SCANS * c.inner()),
        new LayerNorm(w.at("out_norm"), c.inner(), 1e-5),
        new Linear(w.at("out_proj"), c.inner(), c.width(), c.bias(), PROJECTION, Init.zeros()));
  }

  private static Parameter xProj(Weights w, Ss2dConfig c) {
    long part = c.deltaRank() + 2L * c.state();
    var init = Init.fanIn(c.inner());
    return c.keys() == Ss2dConfig.Keys.V0
        ? w.get("x_proj_weight", init, SCANS, part, c.inner())
        : w.at("x_proj").get("weight", init, SCANS * part, c.inner());
  }

  private static Parameter deltaProj(Weights w, Ss2dConfig c) {
    var init = MambaInit.deltaWeight(c.deltaRank());
    return c.keys() == Ss2dConfig.Keys.V0
        ? w.get("dt_projs_weight", init, SCANS, c.inner(), c.deltaRank())
        : w.at("dt_projs").get("weight", init, (long) SCANS * c.inner(), c.deltaRank());
  }

  @Override
  public Tensor forward(Tensor x) {
    var dims = Dims.of("ss2d").bind("x", x, "B H W " + config.width());
    long inner = config.inner();
    var u = conv2d.forward(inProj.part(x, 0, inner)).silu();
    var y = outNorm.forward(scan(u, dims.count("H"), dims.count("W")));
    return outProj.forward(config.gate() ? y.siluGate(inProj.part(x, inner, 2 * inner)) : y);
  }

  private Tensor scan(Tensor u, int height, int width) {
    var rows = u.reshape(u.size(0), (long) height * width, config.inner());
    var y =
        SelectiveScan.projected(
            config.path().orders(height, width),
            rows,
            rows.linear(xProj.reshape(-1, config.inner())),
            deltaProj.reshape(-1, config.deltaRank()),
            SelectiveScan.rates(aLogs),
            ScanOptions.plain().withD(ds).withDeltaBias(deltaBias.reshape(-1)).withDeltaSoftplus());
    return y.reshape(u.shape().toArray());
  }
}
