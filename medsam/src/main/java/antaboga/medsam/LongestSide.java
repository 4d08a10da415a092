// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

/**
 * SAM's own preparation: the longer side becomes {@code target}, the aspect ratio stays. (MedSAM
 * stretches to a square instead: {@link Image#prepared}.) Source: {@code ResizeLongestSide} of
 * segment_anything.
 */
public record LongestSide(int target) {
  /** Checks the size. */
  public LongestSide {
    if (target <= 0) {
      throw new IllegalArgumentException("longest side: target " + target + ", expected > 0");
    }
  }

  /** The new height of an image of this size. */
  public int height(int height, int width) {
    return (int) (height * scale(height, width) + 0.5);
  }

  /** The new width of an image of this size. */
  public int width(int height, int width) {
    return (int) (width * scale(height, width) + 0.5);
  }

  private double scale(int height, int width) {
    return (double) target / Math.max(height, width);
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

  /** The box in pixels of the resized image. */
  public Box resize(Box box, int height, int width) {
    return box.scaled(
        (double) width(height, width) / width, (double) height(height, width) / height);
  }
}
