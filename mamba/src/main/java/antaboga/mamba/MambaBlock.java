// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.Parameter;
import antaboga.Tensor;
import antaboga.nn.Init;
import antaboga.nn.Layer;
import antaboga.nn.Linear;
import antaboga.nn.Weights;
import java.util.List;

/**
 * The block of Mamba: x (B, L, width), y (B, L, width). Keys and start as {@code Mamba} of
 * mamba_ssm (modules/mamba_simple.py).
 *
 * <p>Source: Gu and Dao 2023, arXiv 2312.00752, section 3.4.
 *
 * @param dtProj weight (inner, rank) and bias of delta
 * @param aLog (inner, N): A = -exp(A_log)
 * @param d (inner)
 */
public record MambaBlock(
    MambaConfig config,
    Linear inProj,
    CausalConv1d conv1d,
    Linear xProj,
    Linear dtProj,
    Parameter aLog,
    Parameter d,
    Linear outProj)
    implements Layer {

  /** A block of these sizes. */
  public MambaBlock(Weights w, MambaConfig c) {
    this(
        w,
        c,
        Init.fanIn(c.width()),
        Init.fanIn(c.inner()),
        new CausalConv1d(w.at("conv1d"), c.inner(), c.conv(), c.convBias()));
  }

  /** With another start of the projections from and to a width, biases 0, and a convolution. */
  public MambaBlock(Weights w, MambaConfig c, Init fromWidth, Init fromInner, CausalConv1d conv1d) {
    this(
        c,
        new Linear(w.at("in_proj"), c.width(), 2L * c.inner(), c.bias(), fromWidth, Init.zeros()),
        conv1d,
        new Linear(
            w.at("x_proj"),
            c.inner(),
            c.deltaRank() + 2L * c.state(),
            false,
            fromInner,
            Init.zeros()),
        new Linear(
            w.at("dt_proj"),
            c.deltaRank(),
            c.inner(),
            true,
            MambaInit.deltaWeight(c.deltaRank()),
            MambaInit.deltaBias()),
        w.get("A_log", MambaInit.stateDecay(), c.inner(), c.state()),
        w.get("D", Init.ones(), c.inner()),
        new Linear(w.at("out_proj"), c.inner(), c.width(), c.bias(), fromInner, Init.zeros()));
  }

  @Override
  public Tensor forward(Tensor x) {
    long inner = config.inner();
    var u = conv1d.forward(inProj.part(x, 0, inner)).silu();
    var z = inProj.part(x, inner, 2 * inner);
    var y =
        SelectiveScan.projected(
            List.of(), u, xProj.forward(u), dtProj.weight(), a(), options().withZ(z));
    return outProj.forward(y);
  }

  private Tensor a() {
    return SelectiveScan.rates(aLog);
  }

  private ScanOptions options() {
    return ScanOptions.plain()
        .withD(d)
        .withDeltaBias(dtProj.bias().orElseThrow())
        .withDeltaSoftplus();
  }

  /**
   * What a block remembers between single steps.
   *
   * @param conv the last inputs of the convolution, (B, inner, K)
   * @param ssm the state of the scan, (B, inner, N)
   */
  public record State(Tensor conv, Tensor ssm) {}

  /**
   * One step's outcome.
   *
   * @param y (B, width)
   * @param state after the step
   */
  public record Step(Tensor y, State state) {}

  /** The state before the first step: zeros. */
  public State start(long batches) {
    var type = aLog.type();
    return new State(
        Tensor.zeros(type, batches, config.inner(), config.conv()),
        Tensor.zeros(type, batches, config.inner(), config.state()));
  }

  /**
   * One step of a sequence: x (B, width). Step by step gives the same as the whole sequence at
   * once.
   */
  public Step step(Tensor x, State state) {
    long inner = config.inner();
    var token = x.reshape(x.size(0), 1, x.size(1));
    var last = state.conv().permute(0, 2, 1); // (B, K, inner)
    var input = inProj.part(token, 0, inner);
    var continued =
        config.conv() == 1
            ? conv1d.forward(input)
            : conv1d.forward(input, last.slice(1, 1, config.conv())).y();
    var window =
        config.conv() == 1 ? input : Tensor.concat(1, last.slice(1, 1, config.conv()), input);
    var u = continued.silu();
    var scan =
        SelectiveScan.projectedWithLastState(
            u,
            xProj.forward(u),
            dtProj.weight(),
            a(),
            options().withZ(inProj.part(token, inner, 2 * inner)).withInitialState(state.ssm()));
    var y = outProj.forward(scan.y());
    return new Step(
        y.reshape(x.size(0), config.width()), new State(window.permute(0, 2, 1), scan.lastState()));
  }
}
