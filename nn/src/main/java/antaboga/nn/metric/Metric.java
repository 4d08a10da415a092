// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.metric;

/** A score of a predicted mask against the truth. Implementations are records. */
public interface Metric {
  /** A short name for a table's head, with the definition where several are in use. */
  String name();

  /** The score; NaN where it is undefined. */
  double of(Pair pair);

  /**
   * The score of two masks with elements of size 1.
   *
   * @throws antaboga.ShapeException if the shapes differ
   */
  default double of(Region prediction, Region truth) {
    return of(Pair.of(prediction, truth));
  }
}
