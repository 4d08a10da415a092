// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import antaboga.Tensor;
import java.util.List;

/**
 * Labelled and unlabelled images of one step.
 *
 * @param labelled (B, 3, size, size) in [0, 1]
 * @param mask of the labelled ones, (B, 1, size, size), 0 or 1
 * @param labelledViews how each labelled image stands
 * @param unlabelled (U, 3, size, size) in [0, 1]
 * @param unlabelledViews how each unlabelled image stands
 */
public record MixedBatch(
    Tensor labelled,
    Tensor mask,
    List<View> labelledViews,
    Tensor unlabelled,
    List<View> unlabelledViews) {
  /** Keeps copies of the lists. */
  public MixedBatch {
    labelledViews = List.copyOf(labelledViews);
    unlabelledViews = List.copyOf(unlabelledViews);
  }
}
