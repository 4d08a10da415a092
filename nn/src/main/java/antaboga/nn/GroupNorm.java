// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Parameter;
import antaboga.Tensor;

/**
 * Normalises over the channels of a group and all positions: x (B, C, ...), weight and bias (C).
 * Keys and start as {@code torch.nn.GroupNorm}.
 *
 * <p>Source: Wu and He 2018, arXiv 1803.08494.
 */
public record GroupNorm(Parameter weight, Parameter bias, int groups, double eps) implements Layer {
  /** Starts with weight 1 and bias 0; eps 1e-5. */
  public GroupNorm(Weights w, int groups, long channels) {
    this(w, groups, channels, 1e-5);
  }

  /** Starts with weight 1 and bias 0. */
  public GroupNorm(Weights w, int groups, long channels, double eps) {
    this(
        w.get("weight", Init.ones(), channels), w.get("bias", Init.zeros(), channels), groups, eps);
  }

  /** Checks that the channels fall into equal groups. */
  public GroupNorm {
    if (groups < 1 || weight.size(0) % groups != 0) {
      throw new IllegalArgumentException(
          "GroupNorm: %d channels in %d groups, expected equal groups"
              .formatted(weight.size(0), groups));
    }
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.groupNorm(groups, weight, bias, eps);
  }
}
