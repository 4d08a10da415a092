// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.Tensor;

/**
 * SAM's own preparation: the longer side becomes {@code target}, the aspect ratio stays. (MedSAM
 * stretches to a square instead: {@link Image#prepared}.) Source: {@code ResizeLongestSide} of
 * segment_anything.
 */
public record LongestSide(int target) {
  private static final float[] MEAN = {123.675f, 116.28f, 103.53f};
  private static final float[] DEVIATION = {58.395f, 57.12f, 57.375f};

  /** Checks the size. */
  public LongestSide {
    if (target <= 0) {
      throw new IllegalArgumentException("longest side: target " + target + ", expected > 0");
    }
  }

  /** The new height of an image of this size, at least 1. */
  public int height(int height, int width) {
    return resized(height, Math.max(height, width));
  }

  /** The new width of an image of this size, at least 1. */
  public int width(int height, int width) {
    return resized(width, Math.max(height, width));
  }

  // of an image as thin as a hair SAM would leave nothing
  private int resized(int side, int longer) {
    return Math.max(1, (int) (side * ((double) target / longer) + 0.5));
  }

  /** The image at its new size, by Pillow's bilinear filter. */
  public Image resize(Image image) {
    int height = height(image.height(), image.width());
    int width = width(image.height(), image.width());
    var planes = new byte[image.channels()][];
    for (int c = 0; c < planes.length; c++) {
      planes[c] =
          PillowResize.bilinear(image.plane(c), image.height(), image.width(), height, width);
    }
    return Image.ofPlanes(height, width, planes);
  }

  /**
   * The image as SAM's encoder takes it: resized, by channel less SAM's mean and over its
   * deviation, with zeros at the bottom and at the right; (1, 3, target, target).
   */
  public Tensor prepared(Image image) {
    var resized = resize(image);
    int pixels = resized.height() * resized.width();
    var values = new float[3 * pixels];
    for (int i = 0; i < values.length; i++) {
      values[i] = resized.plane(resized.channels() == 1 ? 0 : i / pixels)[i % pixels] & 0xff;
    }
    return padded(Tensor.of(values, 1, 3, resized.height(), resized.width()), MEAN, DEVIATION);
  }

  // (B, 3, h, w) with values 0 to 255 to (B, 3, target, target)
  Tensor padded(Tensor pixels, float[] mean, float[] deviation) {
    return pixels
        .sub(Tensor.of(mean, 3, 1, 1))
        .div(Tensor.of(deviation, 3, 1, 1))
        .pad(2, 0, target - pixels.size(2))
        .pad(3, 0, target - pixels.size(3));
  }

  /** The box in pixels of the resized image. */
  public Box resize(Box box, int height, int width) {
    return box.scaled(
        (double) width(height, width) / width, (double) height(height, width) / height);
  }
}
