// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import java.util.List;

/**
 * The sizes of a {@link UNet}.
 *
 * @param inChannels of the image
 * @param classes of the logits
 * @param widths channels of each stage, finest first; each stage halves height and width
 * @param dropout of each stage of the encoder; the decoder has none
 * @param norm of each block
 */
public record UNetConfig(
    int inChannels, int classes, List<Integer> widths, List<Double> dropout, Norm norm) {
  private static final List<Double> DROPOUT = List.of(0.05, 0.1, 0.2, 0.3, 0.5);

  /** What follows a convolution. */
  public enum Norm {
    /** By the statistics of the batch in training, by their running means afterwards. */
    BATCH,
    /** By each image's own statistics, channel by channel. */
    INSTANCE
  }

  /** Keeps copies of the lists. */
  public UNetConfig {
    widths = List.copyOf(widths);
    dropout = List.copyOf(dropout);
    if (widths.size() < 2 || widths.size() != dropout.size()) {
      throw new IllegalArgumentException(
          "UNet: widths %s and dropout %s, expected equally many, two or more"
              .formatted(widths, dropout));
    }
  }

  private static UNetConfig of(Integer... widths) {
    return new UNetConfig(3, 1, List.of(widths), DROPOUT, Norm.BATCH);
  }

  /** SSL4MIS's, the baseline of the field, with three channels in: 1,813,617 parameters. */
  public static UNetConfig ssl4mis() {
    return of(16, 32, 64, 128, 256);
  }

  /** As large as the default student: 1,348,435 parameters, 0.3 % more than its 1,344,956. */
  public static UNetConfig student() {
    return of(14, 28, 56, 112, 216);
  }

  /** Other widths. */
  public UNetConfig withWidths(List<Integer> channels) {
    return new UNetConfig(inChannels, classes, channels, dropout, norm);
  }

  /** Another norm. */
  public UNetConfig withNorm(Norm rule) {
    return new UNetConfig(inChannels, classes, widths, dropout, rule);
  }
}
