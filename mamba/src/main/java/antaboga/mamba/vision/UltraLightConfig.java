// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import java.util.List;

/**
 * Sizes of {@link UltraLightUNet}.
 *
 * @param inChannels of the image
 * @param classes number of logits for each pixel
 * @param widths channels of the six stages (c_list), multiples of 4
 * @param bridge whether attention joins the scales
 */
public record UltraLightConfig(int inChannels, int classes, List<Integer> widths, boolean bridge) {
  private static final int STAGES = 6;

  /** The published sizes: 49,457 parameters with three channels and one logit. */
  public static UltraLightConfig published() {
    return new UltraLightConfig(3, 1, List.of(8, 16, 24, 32, 48, 64), true);
  }

  /** Checks the sizes. */
  public UltraLightConfig {
    widths = List.copyOf(widths);
    if (widths.size() != STAGES || widths.stream().anyMatch(c -> c <= 0 || c % 4 != 0)) {
      throw new IllegalArgumentException(
          "UltraLightConfig: widths " + widths + ", expected six multiples of 4");
    }
    if (inChannels <= 0 || classes <= 0) {
      throw new IllegalArgumentException(
          "UltraLightConfig: inChannels %d, classes %d, expected > 0"
              .formatted(inChannels, classes));
    }
  }

  /** Other numbers of channels and logits. */
  public UltraLightConfig withChannels(int in, int logits) {
    return new UltraLightConfig(in, logits, widths, bridge);
  }

  /** Other widths. */
  public UltraLightConfig withWidths(List<Integer> channels) {
    return new UltraLightConfig(inChannels, classes, channels, bridge);
  }

  /** With or without the bridge. */
  public UltraLightConfig withBridge(boolean joined) {
    return new UltraLightConfig(inChannels, classes, widths, joined);
  }
}
