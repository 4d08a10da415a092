// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

/**
 * Sizes of {@link Ss2d}; names in brackets are those of VMamba and VM-UNet.
 *
 * @param width channels of input and output (d_model)
 * @param inner channels inside (d_inner)
 * @param state states of each inner channel and scan (d_state)
 * @param deltaRank factors that delta is made of (dt_rank)
 * @param conv size of the depthwise convolution (d_conv)
 * @param bias whether the projections in and out have one
 * @param convBias whether the convolution has one
 * @param gate whether a second half of the projection gates the output (no {@code _noz})
 * @param keys how the projections of the scan are named
 * @param path the orders of the four scans
 */
public record Ss2dConfig(
    int width,
    int inner,
    int state,
    int deltaRank,
    int conv,
    boolean bias,
    boolean convBias,
    boolean gate,
    Keys keys,
    ScanPath path) {

  /** How checkpoints name the projections of the scan. */
  public enum Keys {
    /** x_proj_weight (4, P, inner), dt_projs_weight (4, inner, R): VM-UNet, and VMamba's v0. */
    V0,
    /** x_proj.weight (4P, inner), dt_projs.weight (4·inner, R): VMamba's v05. */
    V05
  }

  /** The sizes of VM-UNet: twice as wide inside, 16 states, rank width / 16 rounded up. */
  public static Ss2dConfig of(int width) {
    return new Ss2dConfig(
        width, 2 * width, 16, (width + 15) / 16, 3, false, true, true, Keys.V0, ScanPath.CROSS);
  }

  /** Checks the sizes. */
  public Ss2dConfig {
    if (width <= 0 || inner <= 0 || state <= 0 || deltaRank <= 0 || conv <= 0 || conv % 2 == 0) {
      throw new IllegalArgumentException(
          "Ss2dConfig: width %d, inner %d, state %d, deltaRank %d, expected > 0; conv %d, odd"
              .formatted(width, inner, state, deltaRank, conv));
    }
  }

  /** Another inner width. */
  public Ss2dConfig withInner(int channels) {
    return new Ss2dConfig(
        width, channels, state, deltaRank, conv, bias, convBias, gate, keys, path);
  }

  /** Another number of states. */
  public Ss2dConfig withState(int states) {
    return new Ss2dConfig(width, inner, states, deltaRank, conv, bias, convBias, gate, keys, path);
  }

  /** Another rank of delta. */
  public Ss2dConfig withDeltaRank(int rank) {
    return new Ss2dConfig(width, inner, state, rank, conv, bias, convBias, gate, keys, path);
  }

  /** Another size of the convolution. */
  public Ss2dConfig withConv(int size) {
    return new Ss2dConfig(width, inner, state, deltaRank, size, bias, convBias, gate, keys, path);
  }

  /** Biases of the projections, and of the convolution. */
  public Ss2dConfig withBias(boolean projections, boolean convolution) {
    return new Ss2dConfig(
        width, inner, state, deltaRank, conv, projections, convolution, gate, keys, path);
  }

  /** With or without a gate. */
  public Ss2dConfig withGate(boolean gated) {
    return new Ss2dConfig(width, inner, state, deltaRank, conv, bias, convBias, gated, keys, path);
  }

  /** Other names of the projections. */
  public Ss2dConfig withKeys(Keys names) {
    return new Ss2dConfig(width, inner, state, deltaRank, conv, bias, convBias, gate, names, path);
  }

  /** Other orders. */
  public Ss2dConfig withPath(ScanPath orders) {
    return new Ss2dConfig(width, inner, state, deltaRank, conv, bias, convBias, gate, keys, orders);
  }
}
