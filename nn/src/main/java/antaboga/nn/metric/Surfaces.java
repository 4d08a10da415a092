// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.metric;

import java.util.Arrays;
import java.util.stream.IntStream;

/** Distances from each surface element of one mask to the surface of the other, both ways. */
final class Surfaces {
  /**
   * One direction: distances in ascending order and the share that each element has of the surface.
   */
  static final class Directed {
    private final double[] distances;
    private final double[] weights;
    private final double total;

    private Directed(double[] distances, double[] weights) {
      int n = distances.length;
      var order =
          IntStream.range(0, n)
              .boxed()
              .sorted(
                  (a, b) -> {
                    int byDistance = Double.compare(distances[a], distances[b]);
                    return byDistance != 0 ? byDistance : Double.compare(weights[a], weights[b]);
                  })
              .mapToInt(Integer::intValue)
              .toArray();
      this.distances = Arrays.stream(order).mapToDouble(i -> distances[i]).toArray();
      this.weights = Arrays.stream(order).mapToDouble(i -> weights[i]).toArray();
      this.total = Arrays.stream(this.weights).sum();
    }

    private Directed(double[] distances) {
      this.distances = distances.clone();
      Arrays.sort(this.distances);
      this.weights = new double[0];
      this.total = distances.length;
    }

    double[] distances() {
      return distances;
    }

    double total() {
      return total;
    }

    /** The weight of the elements no farther than the tolerance. */
    double within(double tolerance) {
      double sum = 0;
      for (int i = 0; i < distances.length && distances[i] <= tolerance; i++) {
        sum += weights.length == 0 ? 1 : weights[i];
      }
      return sum;
    }

    double sum() {
      double sum = 0;
      for (int i = 0; i < distances.length; i++) {
        sum += weights.length == 0 ? distances[i] : distances[i] * weights[i];
      }
      return sum;
    }

    /** The percentile: interpolated among equal elements, the first to reach it among weighted. */
    double percentile(double percent) {
      if (weights.length == 0) {
        return Surfaces.percentile(distances, percent);
      }
      double cumulated = 0;
      for (int i = 0; i < distances.length; i++) {
        cumulated += weights[i];
        if (cumulated / total >= percent / 100) {
          return distances[i];
        }
      }
      return distances[distances.length - 1];
    }
  }

  private final Directed forward;
  private final Directed backward;

  private Surfaces(Directed forward, Directed backward) {
    this.forward = forward;
    this.backward = backward;
  }

  /** From the prediction to the truth. */
  Directed forward() {
    return forward;
  }

  /** From the truth to the prediction. */
  Directed backward() {
    return backward;
  }

  /** Both masks must have elements. */
  static Surfaces ofBorders(
      Region prediction, Region truth, double[] spacing, Connectivity connectivity) {
    var box = union(prediction, truth);
    // an element at the edge of the box is a border element there and in the image alike
    var p = prediction.crop(box).border(connectivity);
    var t = truth.crop(box).border(connectivity);
    var toTruth = DistanceTransform.squaredTo(t, spacing);
    var toPrediction = DistanceTransform.squaredTo(p, spacing);
    return new Surfaces(new Directed(roots(p, toTruth)), new Directed(roots(t, toPrediction)));
  }

  /** Both masks must have elements. */
  static Surfaces ofAreas(Region prediction, Region truth, double[] spacing) {
    var box = union(prediction, truth);
    var p = SurfaceElements.of(prediction.crop(box), spacing);
    var t = SurfaceElements.of(truth.crop(box), spacing);
    var toTruth = DistanceTransform.squaredTo(t.places(), spacing);
    var toPrediction = DistanceTransform.squaredTo(p.places(), spacing);
    return new Surfaces(
        new Directed(roots(p.places(), toTruth), p.areas()),
        new Directed(roots(t.places(), toPrediction), t.areas()));
  }

  private static int[] union(Region a, Region b) {
    var box = a.bounds().orElseThrow();
    var other = b.bounds().orElseThrow();
    for (int i = 0; i < box.length; i += 2) {
      box[i] = Math.min(box[i], other[i]);
      box[i + 1] = Math.max(box[i + 1], other[i + 1]);
    }
    return box;
  }

  private static double[] roots(Region places, double[] squared) {
    var out = new double[places.count()];
    for (int i = 0, k = 0; i < squared.length; i++) {
      if (places.contains(i)) {
        out[k++] = Math.sqrt(squared[i]);
      }
    }
    return out;
  }

  /** The percentile of sorted values, interpolated linearly between neighbours as in NumPy. */
  static double percentile(double[] sorted, double percent) {
    double at = percent / 100 * (sorted.length - 1);
    int below = (int) Math.floor(at);
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
  }
}
