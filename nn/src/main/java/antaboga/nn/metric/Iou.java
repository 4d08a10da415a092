// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.metric;

/**
 * Intersection over union {@code |P and T| / |P or T|}, the Jaccard index, in [0, 1].
 *
 * @param empty what two empty masks score; ours and medpy's 1, MONAI's undefined
 */
public record Iou(EmptyMasks empty) implements Metric {
  /** Two empty masks agree fully: 1; one empty mask scores 0. */
  public Iou() {
    this(EmptyMasks.of(1, 0, 0));
  }

  @Override
  public String name() {
    return "IoU";
  }

  @Override
  public double of(Pair pair) {
    return empty.of(name(), pair).orElseGet(() -> pair.overlap().iou());
  }
}
