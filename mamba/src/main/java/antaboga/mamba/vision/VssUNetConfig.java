// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import java.util.List;

/**
 * Sizes of {@link VssUNet}.
 *
 * @param inChannels of the image
 * @param classes number of logits for each pixel
 * @param width channels of the first stage; each stage doubles them
 * @param depths VSS blocks of the four encoder stages
 * @param decoderDepths VSS blocks of the four decoder stages, the deepest first
 * @param state states of each scan
 * @param dropPath rate of the deepest blocks; it falls linearly to 0 at both ends
 */
public record VssUNetConfig(
    int inChannels,
    int classes,
    int width,
    List<Integer> depths,
    List<Integer> decoderDepths,
    int state,
    double dropPath) {

  /** The student: width 20, 1,344,956 parameters with three channels and one logit. */
  public static VssUNetConfig tiny() {
    return new VssUNetConfig(3, 1, 20, List.of(2, 2, 2, 2), List.of(1, 2, 2, 1), 16, 0.1);
  }

  /** VM-UNet as its wrapper builds it: width 96, 27,427,561 parameters. */
  public static VssUNetConfig vmUNet() {
    return new VssUNetConfig(3, 1, 96, List.of(2, 2, 2, 2), List.of(2, 2, 2, 1), 16, 0.2);
  }

  /** Checks the sizes. */
  public VssUNetConfig {
    depths = List.copyOf(depths);
    decoderDepths = List.copyOf(decoderDepths);
    if (depths.size() != VssUNet.STAGES || decoderDepths.size() != VssUNet.STAGES) {
      throw new IllegalArgumentException(
          "VssUNetConfig: depths %s and %s, expected four each".formatted(depths, decoderDepths));
    }
    if (width <= 0 || width % 4 != 0) {
      throw new IllegalArgumentException(
          "VssUNetConfig: width " + width + ", expected a multiple of 4");
    }
    if (inChannels <= 0 || classes <= 0 || state <= 0) {
      throw new IllegalArgumentException(
          "VssUNetConfig: inChannels %d, classes %d, state %d, expected > 0"
              .formatted(inChannels, classes, state));
    }
  }

  /** Channels of a stage, 0 to 3. */
  public int width(int stage) {
    return width << stage;
  }

  /** Another first width. */
  public VssUNetConfig withWidth(int channels) {
    return new VssUNetConfig(inChannels, classes, channels, depths, decoderDepths, state, dropPath);
  }

  /** Other numbers of channels and logits. */
  public VssUNetConfig withChannels(int in, int logits) {
    return new VssUNetConfig(in, logits, width, depths, decoderDepths, state, dropPath);
  }

  /** Other numbers of blocks. */
  public VssUNetConfig withDepths(List<Integer> encoder, List<Integer> decoder) {
    return new VssUNetConfig(inChannels, classes, width, encoder, decoder, state, dropPath);
  }

  /** Another number of states. */
  public VssUNetConfig withState(int states) {
    return new VssUNetConfig(inChannels, classes, width, depths, decoderDepths, states, dropPath);
  }

  /** Another rate of dropped paths. */
  public VssUNetConfig withDropPath(double rate) {
    return new VssUNetConfig(inChannels, classes, width, depths, decoderDepths, state, rate);
  }
}
