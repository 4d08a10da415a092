// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.metric;

/**
 * The normalised surface Dice (NSD): the share of both boundaries that lies no farther than a
 * tolerance from the other one, in [0, 1].
 *
 * <p>Source: Nikolov et al. 2021, J Med Internet Res 23(7). MONAI counts boundary elements,
 * DeepMind weighs surface elements by area.
 *
 * @param tolerance in units of the spacing: pixels where none is given
 * @param weighted by area, else by number of boundary elements
 * @param empty what an empty mask gives
 */
public record SurfaceDice(double tolerance, boolean weighted, EmptyMasks empty) implements Metric {
  /** Checks the tolerance. */
  public SurfaceDice {
    if (!(tolerance >= 0)) {
      throw new IllegalArgumentException("NSD: tolerance " + tolerance + ", expected 0 or more");
    }
  }

  /** Counts boundary elements; 1 for two empty masks, 0 for one. */
  public SurfaceDice(double tolerance) {
    this(tolerance, false, EmptyMasks.of(1, 0, 0));
  }

  @Override
  public String name() {
    return "NSD@" + Double.toString(tolerance).replaceAll("\\.0$", "");
  }

  @Override
  public double of(Pair pair) {
    return empty.of(name(), pair).orElseGet(() -> share(pair));
  }

  private double share(Pair pair) {
    var surfaces = weighted ? pair.weighted() : pair.borders(Connectivity.FACES);
    var forward = surfaces.forward();
    var backward = surfaces.backward();
    return (forward.within(tolerance) + backward.within(tolerance))
        / (forward.total() + backward.total());
  }
}
