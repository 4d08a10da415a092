// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.metric;

/**
 * The Hausdorff distance between the boundaries of two masks, or its percentile. The boundary is
 * the mask minus its erosion; beyond the image is background.
 *
 * <p>Three definitions of "HD95" are in use and differ widely (one pair of masks gives 22.06 and
 * 41.25): a table must name its own. {@link #name()} does.
 *
 * @param percent the percentile, 100 for the maximum
 * @param definition how the two directions become one number
 * @param connectivity the structuring element of the erosion; not used by {@link
 *     Definition#WEIGHTED}
 * @param empty what an empty mask gives
 */
public record Hausdorff(
    double percent, Definition definition, Connectivity connectivity, EmptyMasks empty)
    implements Metric {
  /** How the distances of the two directions become one number. */
  public enum Definition {
    /** The larger of the two directed percentiles: ours and MONAI's. */
    MAXIMUM,
    /** The percentile of both directions' distances together: medpy's. */
    POOLED,
    /** The larger of the two directed percentiles of distances weighted by area: DeepMind's. */
    WEIGHTED,
    /** The directed percentile from prediction to truth alone. */
    FORWARD
  }

  private static final EmptyMasks UNDEFINED = EmptyMasks.of(0, Double.NaN, Double.NaN);

  /** Checks the percentile. */
  public Hausdorff {
    if (!(percent > 0 && percent <= 100)) {
      throw new IllegalArgumentException(
          "Hausdorff: percentile " + percent + ", expected (0, 100]");
    }
  }

  /** The largest distance; 0 for two empty masks, undefined for one. */
  public Hausdorff() {
    this(100, Definition.MAXIMUM, Connectivity.FACES, UNDEFINED);
  }

  /** The 95th percentile by a definition; 0 for two empty masks, undefined for one. */
  public static Hausdorff of95(Definition definition) {
    return new Hausdorff(95, definition, Connectivity.FACES, UNDEFINED);
  }

  @Override
  public String name() {
    var head = percent == 100 ? "HD" : "HD%s".formatted(Double.toString(percent).replace(".0", ""));
    return switch (definition) {
      case MAXIMUM -> head;
      case POOLED -> head + " pooled";
      case WEIGHTED -> head + " area-weighted";
      case FORWARD -> head + " forward";
    };
  }

  @Override
  public double of(Pair pair) {
    return empty.of(name(), pair).orElseGet(() -> distance(pair));
  }

  private double distance(Pair pair) {
    var surfaces = definition == Definition.WEIGHTED ? pair.weighted() : pair.borders(connectivity);
    var forward = surfaces.forward();
    var backward = surfaces.backward();
    return switch (definition) {
      case MAXIMUM, WEIGHTED -> Math.max(forward.percentile(percent), backward.percentile(percent));
      case FORWARD -> forward.percentile(percent);
      case POOLED -> pooled(forward.distances(), backward.distances());
    };
  }

  private double pooled(double[] forward, double[] backward) {
    var all = new double[forward.length + backward.length];
    System.arraycopy(forward, 0, all, 0, forward.length);
    System.arraycopy(backward, 0, all, forward.length, backward.length);
    java.util.Arrays.sort(all);
    return Surfaces.percentile(all, percent);
  }
}
