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
 * @param laid the images before they were varied
 */
public record MixedBatch(
    Tensor labelled,
    Tensor mask,
    List<View> labelledViews,
    Tensor unlabelled,
    List<View> unlabelledViews,
    Laid laid) {
  /**
   * Images as the views tell.
   *
   * @param labelled (B, 3, size, size) in [0, 1]
   * @param unlabelled (U, 3, size, size) in [0, 1]
   * @param warp what leads to the images of the step, first the labelled ones
   */
  public record Laid(Tensor labelled, Tensor unlabelled, Warp warp) {
    /** What leads to the unlabelled images of the step. */
    public Warp unlabelledWarp() {
      int labels = (int) labelled.size(0);
      return warp.slice(labels, labels + (int) unlabelled.size(0));
    }
  }

  /** Images as the views tell, without more variation. */
  public MixedBatch(
      Tensor labelled,
      Tensor mask,
      List<View> labelledViews,
      Tensor unlabelled,
      List<View> unlabelledViews) {
    this(
        labelled,
        mask,
        labelledViews,
        unlabelled,
        unlabelledViews,
        new Laid(
            labelled, unlabelled, Warp.none((int) labelled.size(0) + (int) unlabelled.size(0))));
  }

  /** Keeps copies of the lists. */
  public MixedBatch {
    labelledViews = List.copyOf(labelledViews);
    unlabelledViews = List.copyOf(unlabelledViews);
  }
}
