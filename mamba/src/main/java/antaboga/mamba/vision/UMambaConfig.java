// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import antaboga.nn.UNetConfig;
import java.util.List;

/**
 * Sizes of {@link UMamba}.
 *
 * @param convolutions widths, dropout and norm of the U-Net
 * @param scanned how many of the encoder's coarsest stages are followed by a VSS block
 * @param state states of each scan
 * @param dropPath rate of the blocks
 */
public record UMambaConfig(UNetConfig convolutions, int scanned, int state, double dropPath) {
  /** Two stages scanned: 1,337,577 parameters with three channels and one logit. */
  public static UMambaConfig student() {
    var convolutions =
        UNetConfig.student()
            .withWidths(List.of(12, 24, 48, 92, 180))
            .withNorm(UNetConfig.Norm.INSTANCE);
    return new UMambaConfig(convolutions, 2, 16, 0.1);
  }

  /** Checks the sizes. */
  public UMambaConfig {
    int stages = convolutions.widths().size();
    if (scanned < 0 || scanned > stages) {
      throw new IllegalArgumentException(
          "UMambaConfig: scanned %d, expected 0 to %d stages".formatted(scanned, stages));
    }
  }
}
