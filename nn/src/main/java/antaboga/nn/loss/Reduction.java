// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.loss;

import antaboga.Tensor;

/** What becomes of the single terms of a loss. */
public enum Reduction {
  /** Their mean. */
  MEAN,
  /** Their sum. */
  SUM,
  /** They stay as they are. */
  NONE;

  Tensor of(Tensor terms) {
    return switch (this) {
      case MEAN -> terms.mean();
      case SUM -> terms.sum();
      case NONE -> terms;
    };
  }
}
