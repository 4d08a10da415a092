// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.metric;

/**
 * The average distance between the boundaries of two masks: over the elements of both boundaries
 * (ASSD), or from the prediction's to the truth alone (ASD).
 *
 * @param symmetric both directions, or from prediction to truth
 * @param connectivity the structuring element of the erosion that defines a boundary
 * @param empty what an empty mask gives
 */
public record SurfaceDistance(boolean symmetric, Connectivity connectivity, EmptyMasks empty)
    implements Metric {
  /** ASSD; 0 for two empty masks, undefined for one. */
  public SurfaceDistance() {
    this(true, Connectivity.FACES, EmptyMasks.of(0, Double.NaN, Double.NaN));
  }

  @Override
  public String name() {
    return symmetric ? "ASSD" : "ASD";
  }

  @Override
  public double of(Pair pair) {
    return empty.of(name(), pair).orElseGet(() -> average(pair));
  }

  private double average(Pair pair) {
    var forward = pair.borders(connectivity).forward();
    if (!symmetric) {
      return forward.sum() / forward.total();
    }
    var backward = pair.borders(connectivity).backward();
    return (forward.sum() + backward.sum()) / (forward.total() + backward.total());
  }
}
