// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import antaboga.nn.metric.Region;
import java.io.IOException;
import java.nio.file.Path;

/**
 * An image and its mask.
 *
 * @param name the image file's name without its ending
 * @param image the image's file
 * @param mask the mask's file, of the image's size
 */
public record Sample(String name, Path image, Path mask) {
  /** The image alone. */
  public Picture picture() {
    return new Picture(name, image);
  }

  /**
   * The mask at its own size, as evaluation needs it.
   *
   * @throws IOException if it cannot be read
   */
  public Region truth() throws IOException {
    return Images.readMask(mask);
  }
}
