// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

/**
 * How an image stands in a batch: what a cache of embeddings must know to find its own.
 *
 * @param name of the image
 * @param grey whether it has one channel, repeated
 * @param orientation how it was laid
 * @param crop which part of the upright image was taken, before it was laid
 */
public record View(String name, boolean grey, Orientation orientation, Crop crop) {
  /**
   * A square part of an image.
   *
   * @param top from above, as a share of the side
   * @param left from the left, as a share of the side
   * @param side its side, as a share of the image's
   */
  public record Crop(double top, double left, double side) {
    /** The whole image. */
    public static final Crop WHOLE = new Crop(0, 0, 1);
  }

  /**
   * Checks that the whole image is there, for what keeps something of each image.
   *
   * @param keeper who asks
   * @throws IllegalArgumentException if it is cropped
   */
  public void requireWhole(String keeper) {
    if (!crop.equals(Crop.WHOLE)) {
      throw new IllegalArgumentException(
          keeper + ": " + this + " is cropped and would not be met again; augment without crop");
    }
  }

  /** An image as it is. */
  public static View whole(String name, boolean grey) {
    return new View(name, grey, Orientation.UPRIGHT, Crop.WHOLE);
  }
}
