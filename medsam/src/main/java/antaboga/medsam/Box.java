// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.Tensor;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A box prompt in pixels of an image: {@code x} counts columns from the left, {@code y} rows from
 * the top, {@code x0 < x1} and {@code y0 < y1}.
 */
public record Box(double x0, double y0, double x1, double y1) implements Prompt {
  /**
   * Checks the sides.
   *
   * @throws IllegalArgumentException if a side is not finite, the corners are swapped, or the box
   *     is empty
   */
  public Box {
    if (!Double.isFinite(x0)
        || !Double.isFinite(y0)
        || !Double.isFinite(x1)
        || !Double.isFinite(y1)) {
      throw new IllegalArgumentException("box " + text(x0, y0, x1, y1) + ", expected finite sides");
    }
    if (x0 > x1 || y0 > y1) {
      throw new IllegalArgumentException(
          "box %s is inverted, expected x0 < x1 and y0 < y1 in the order x0, y0, x1, y1"
              .formatted(text(x0, y0, x1, y1)));
    }
    if (x0 == x1 || y0 == y1) {
      throw new IllegalArgumentException(
          "box %s is empty, expected x0 < x1 and y0 < y1".formatted(text(x0, y0, x1, y1)));
    }
  }

  /** The width in pixels. */
  public double width() {
    return x1 - x0;
  }

  /** The height in pixels. */
  public double height() {
    return y1 - y0;
  }

  /**
   * This box, if it lies within an image.
   *
   * @throws IllegalArgumentException if it lies outside or reaches beyond the border
   */
  public Box within(int imageHeight, int imageWidth) {
    var image = "the image of %d x %d (width x height)".formatted(imageWidth, imageHeight);
    if (x0 >= imageWidth || y0 >= imageHeight || x1 <= 0 || y1 <= 0) {
      throw new IllegalArgumentException(
          "box %s lies outside %s; sides are x0, y0, x1, y1 from its upper left corner"
              .formatted(this, image));
    }
    if (x0 < 0 || y0 < 0 || x1 > imageWidth || y1 > imageHeight) {
      throw new IllegalArgumentException(
          "box %s reaches beyond %s; use clipped(%d, %d)"
              .formatted(this, image, imageHeight, imageWidth));
    }
    return this;
  }

  /**
   * The part of this box that lies within an image.
   *
   * @throws IllegalArgumentException if there is none
   */
  public Box clipped(int imageHeight, int imageWidth) {
    if (x0 >= imageWidth || y0 >= imageHeight || x1 <= 0 || y1 <= 0) {
      return within(imageHeight, imageWidth); // says so
    }
    return new Box(
        Math.max(0, x0), Math.max(0, y0), Math.min(imageWidth, x1), Math.min(imageHeight, y1));
  }

  /** The box in an image whose sides are so many times as long. */
  public Box scaled(double horizontal, double vertical) {
    return new Box(x0 * horizontal, y0 * vertical, x1 * horizontal, y1 * vertical);
  }

  /** The box with each side moved outward by so many pixels, within an image. */
  public Box widened(double pixels, int imageHeight, int imageWidth) {
    return new Box(x0 - pixels, y0 - pixels, x1 + pixels, y1 + pixels)
        .clipped(imageHeight, imageWidth);
  }

  /**
   * The box with each side moved outward by a number of pixels of its own, drawn from 0, 1, …
   * {@code most}; within an image. So MedSAM draws its prompts in training.
   */
  public Box jittered(RandomGenerator random, int most, int imageHeight, int imageWidth) {
    if (most < 0) {
      throw new IllegalArgumentException("jitter of " + most + " pixels, expected >= 0");
    }
    return new Box(
            x0 - random.nextInt(most + 1),
            y0 - random.nextInt(most + 1),
            x1 + random.nextInt(most + 1),
            y1 + random.nextInt(most + 1))
        .clipped(imageHeight, imageWidth);
  }

  /** Boxes as the prompt encoder takes them: (K, 4) floats. */
  public static Tensor tensor(List<Box> boxes) {
    var values = new float[4 * boxes.size()];
    for (int i = 0; i < boxes.size(); i++) {
      var box = boxes.get(i);
      values[4 * i] = (float) box.x0;
      values[4 * i + 1] = (float) box.y0;
      values[4 * i + 2] = (float) box.x1;
      values[4 * i + 3] = (float) box.y1;
    }
    return Tensor.of(values, boxes.size(), 4);
  }

  @Override
  public String toString() {
    return text(x0, y0, x1, y1);
  }

  static String text(double... sides) {
    var text = new StringBuilder("(");
    for (double side : sides) {
      text.append(text.length() > 1 ? ", " : "")
          .append(
              side == Math.rint(side) && Math.abs(side) < 1e15
                  ? Long.toString((long) side)
                  : Double.toString(side));
    }
    return text.append(")").toString();
  }
}
