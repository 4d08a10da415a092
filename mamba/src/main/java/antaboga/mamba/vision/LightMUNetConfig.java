// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import java.util.List;

/**
 * Sizes of {@link LightMUNet}; names in brackets are those of the released code.
 *
 * @param inChannels of the image (in_channels)
 * @param classes number of logits for each pixel (out_channels)
 * @param width channels of the first stage, a multiple of 8; each stage doubles them (init_filters)
 * @param depths blocks of each encoder stage, two stages or more (blocks_down)
 * @param decoderDepths blocks of each decoder stage, the deepest first (blocks_up)
 * @param state states of each scan
 */
public record LightMUNetConfig(
    int inChannels,
    int classes,
    int width,
    List<Integer> depths,
    List<Integer> decoderDepths,
    int state) {

  /** Width 16: 1,342,948 parameters with three channels and one logit. */
  public static LightMUNetConfig student() {
    return new LightMUNetConfig(3, 1, 16, List.of(1, 2, 2, 4), List.of(1, 1, 1), 16);
  }

  /** Checks the sizes. */
  public LightMUNetConfig {
    depths = List.copyOf(depths);
    decoderDepths = List.copyOf(decoderDepths);
    if (depths.size() < 2 || decoderDepths.size() != depths.size() - 1) {
      throw new IllegalArgumentException(
          "LightMUNetConfig: depths %s and %s, expected two or more, and one less"
              .formatted(depths, decoderDepths));
    }
    if (width <= 0 || width % LightMUNet.NORM_GROUPS != 0) {
      throw new IllegalArgumentException(
          "LightMUNetConfig: width %d, expected a multiple of %d"
              .formatted(width, LightMUNet.NORM_GROUPS));
    }
    if (inChannels <= 0 || classes <= 0 || state <= 0) {
      throw new IllegalArgumentException(
          "LightMUNetConfig: inChannels %d, classes %d, state %d, expected > 0"
              .formatted(inChannels, classes, state));
    }
  }

  /** Channels of an encoder stage. */
  public int width(int stage) {
    return width << stage;
  }

  /** Number of encoder stages. */
  public int stages() {
    return depths.size();
  }

  /** Other numbers of channels and logits. */
  public LightMUNetConfig withChannels(int in, int logits) {
    return new LightMUNetConfig(in, logits, width, depths, decoderDepths, state);
  }

  /** Another first width. */
  public LightMUNetConfig withWidth(int channels) {
    return new LightMUNetConfig(inChannels, classes, channels, depths, decoderDepths, state);
  }

  /** Other numbers of blocks. */
  public LightMUNetConfig withDepths(List<Integer> encoder, List<Integer> decoder) {
    return new LightMUNetConfig(inChannels, classes, width, encoder, decoder, state);
  }

  /** Another number of states. */
  public LightMUNetConfig withState(int states) {
    return new LightMUNetConfig(inChannels, classes, width, depths, decoderDepths, states);
  }
}
