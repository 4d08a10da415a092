// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

/**
 * What points at an object of an image: a {@link Box} around it, {@link Point}s on it and beside
 * it, a coarse {@link Mask} of it, or a mixture.
 *
 * <pre>{@code
 * scene.segment(new Box(95, 255, 190, 350));
 * scene.segment(Point.on(140, 300).and(Point.off(180, 260)));
 * scene.segment(new Box(95, 255, 190, 350).and(mask)); // refines a mask
 * }</pre>
 *
 * <p>Positions are pixels of the image. MedSAM was trained on boxes alone; SAM takes everything.
 */
public sealed interface Prompt permits Box, Point, Mask, Mixture {
  /**
   * This prompt and another for the same object: any number of points, a box, a mask.
   *
   * @throws IllegalArgumentException if both have a box, or both have a mask
   */
  default Prompt and(Prompt more) {
    return Mixture.of(this).with(Mixture.of(more));
  }
}
