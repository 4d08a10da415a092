// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.metric;

import antaboga.Shape;
import antaboga.ShapeException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A predicted mask, the true one, and the size of their elements. Counts and surface distances are
 * computed once, when the first metric asks for them. For use by one thread.
 */
public final class Pair {
  private final Region prediction;
  private final Region truth;
  private final double[] spacing;
  private @Nullable Overlap overlap;
  private final Map<Connectivity, Surfaces> borders = new EnumMap<>(Connectivity.class);
  private @Nullable Surfaces weighted;

  private Pair(Region prediction, Region truth, double[] spacing) {
    this.prediction = prediction;
    this.truth = truth;
    this.spacing = spacing;
  }

  /**
   * A pair of masks of one shape.
   *
   * @param spacing the size of an element along each axis (millimetres, say), or none for 1
   * @throws ShapeException if the shapes differ, or there is not one spacing for each axis
   * @throws IllegalArgumentException if a spacing is not a positive number
   */
  public static Pair of(Region prediction, Region truth, double... spacing) {
    if (!Arrays.equals(prediction.shape(), truth.shape())) {
      throw new ShapeException(
          "prediction has shape %s, truth %s, expected equal ones"
              .formatted(text(prediction.shape()), text(truth.shape())));
    }
    return new Pair(prediction, truth, spacing(prediction.rank(), spacing));
  }

  static double[] spacing(int rank, double... spacing) {
    if (spacing.length == 0) {
      var ones = new double[rank];
      Arrays.fill(ones, 1);
      return ones;
    }
    if (spacing.length != rank) {
      throw new ShapeException(
          "spacing has " + spacing.length + " numbers, expected " + rank + ", one for each axis");
    }
    for (double s : spacing) {
      if (!(s > 0) || Double.isInfinite(s)) {
        throw new IllegalArgumentException(
            "spacing " + Arrays.toString(spacing) + ", expected positive numbers");
      }
    }
    return spacing.clone();
  }

  private static String text(int[] shape) {
    return Shape.text(Arrays.stream(shape).asLongStream().toArray());
  }

  /** The predicted mask. */
  public Region prediction() {
    return prediction;
  }

  /** The true mask. */
  public Region truth() {
    return truth;
  }

  /** The length of the image's diagonal, the largest distance that can occur. */
  public double diagonal() {
    double sum = 0;
    var shape = truth.shape();
    for (int axis = 0; axis < shape.length; axis++) {
      double side = shape[axis] * spacing[axis];
      sum += side * side;
    }
    return Math.sqrt(sum);
  }

  /** How many elements are in both, in one, in none. */
  public Overlap overlap() {
    var counted = overlap;
    if (counted == null) {
      counted = Overlap.of(prediction, truth);
      overlap = counted;
    }
    return counted;
  }

  /** Distances between border elements, which all weigh the same. */
  Surfaces borders(Connectivity connectivity) {
    return borders.computeIfAbsent(
        connectivity, c -> Surfaces.ofBorders(prediction, truth, spacing, c));
  }

  /** Distances between surface elements, weighted by their area. */
  Surfaces weighted() {
    var computed = weighted;
    if (computed == null) {
      computed = Surfaces.ofAreas(prediction, truth, spacing);
      weighted = computed;
    }
    return computed;
  }
}
