// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.loss;

import antaboga.Tensor;

/** How a prediction becomes probabilities. */
public enum Squashing {
  /** It holds probabilities already. */
  NONE,
  /** Each channel by itself. */
  SIGMOID,
  /** The channels (axis 1) against one another. */
  SOFTMAX;

  Tensor of(Tensor prediction) {
    return switch (this) {
      case NONE -> prediction;
      case SIGMOID -> prediction.sigmoid();
      case SOFTMAX -> prediction.softmax(1);
    };
  }
}
