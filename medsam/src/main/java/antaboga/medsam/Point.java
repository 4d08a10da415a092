// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

/**
 * A point prompt in pixels of an image.
 *
 * @param x columns from the left
 * @param y rows from the top
 * @param onObject whether the object is there; else it shall not be
 */
public record Point(double x, double y, boolean onObject) implements Prompt {
  /**
   * Checks the position.
   *
   * @throws IllegalArgumentException if it is not finite
   */
  public Point {
    if (!Double.isFinite(x) || !Double.isFinite(y)) {
      throw new IllegalArgumentException(
          "point " + Box.text(x, y) + ", expected a finite position");
    }
  }

  /** A point on the object. */
  public static Point on(double x, double y) {
    return new Point(x, y, true);
  }

  /** A point that does not belong to the object. */
  public static Point off(double x, double y) {
    return new Point(x, y, false);
  }

  /**
   * This point, if it lies within an image or on its border.
   *
   * @throws IllegalArgumentException if it lies outside
   */
  public Point within(int imageHeight, int imageWidth) {
    if (x < 0 || y < 0 || x > imageWidth || y > imageHeight) {
      throw new IllegalArgumentException(
          "point %s lies outside the image of %d x %d (width x height); it counts x, y from the"
                  .formatted(Box.text(x, y), imageWidth, imageHeight)
              + " upper left corner");
    }
    return this;
  }

  @Override
  public String toString() {
    return Box.text(x, y) + (onObject ? " on" : " off");
  }
}
