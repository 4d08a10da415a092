// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

/**
 * Sizes of a {@link MambaBlock}; names in brackets are mamba_ssm's.
 *
 * @param width channels of input and output (d_model)
 * @param state states of each inner channel (d_state)
 * @param conv taps of the causal convolution (d_conv)
 * @param expand inner channels for each outer one
 * @param deltaRank factors that delta is made of (dt_rank)
 * @param bias whether the projections in and out have one
 * @param convBias whether the convolution has one
 */
public record MambaConfig(
    int width, int state, int conv, int expand, int deltaRank, boolean bias, boolean convBias) {

  /** The usual sizes: 16 states, 4 taps, twice as wide inside, rank width / 16 rounded up. */
  public static MambaConfig of(int width) {
    return new MambaConfig(width, 16, 4, 2, (width + 15) / 16, false, true);
  }

  /** Checks the sizes. */
  public MambaConfig {
    requirePositive("width", width);
    requirePositive("state", state);
    requirePositive("conv", conv);
    requirePositive("expand", expand);
    requirePositive("deltaRank", deltaRank);
  }

  private static void requirePositive(String name, int value) {
    if (value <= 0) {
      throw new IllegalArgumentException("MambaConfig: " + name + " " + value + ", expected > 0");
    }
  }

  /** Another number of states. */
  public MambaConfig withState(int states) {
    return new MambaConfig(width, states, conv, expand, deltaRank, bias, convBias);
  }

  /** Another number of taps. */
  public MambaConfig withConv(int taps) {
    return new MambaConfig(width, state, taps, expand, deltaRank, bias, convBias);
  }

  /** Another inner width. */
  public MambaConfig withExpand(int factor) {
    return new MambaConfig(width, state, conv, factor, deltaRank, bias, convBias);
  }

  /** Another rank of delta. */
  public MambaConfig withDeltaRank(int rank) {
    return new MambaConfig(width, state, conv, expand, rank, bias, convBias);
  }

  /** Biases of the projections, and of the convolution. */
  public MambaConfig withBias(boolean projections, boolean convolution) {
    return new MambaConfig(width, state, conv, expand, deltaRank, projections, convolution);
  }

  /** Inner channels. */
  public int inner() {
    return expand * width;
  }
}
