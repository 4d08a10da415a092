// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import antaboga.Tensor;
import java.util.List;

/**
 * Labelled images of one step.
 *
 * @param image (B, 3, size, size) in [0, 1]
 * @param mask (B, 1, size, size), 0 or 1
 * @param views how each image stands
 */
public record Batch(Tensor image, Tensor mask, List<View> views) {
  /** Keeps a copy of the list. */
  public Batch {
    views = List.copyOf(views);
  }
}
