// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import antaboga.nn.data.View.Crop;
import java.util.SplittableRandom;

/**
 * Weak augmentation, alike for image and mask: mirrored or not, quarter turns, a random square part
 * enlarged to full size.
 *
 * @param flips whether half of the images are mirrored
 * @param turns whether images are turned by 0, 90, 180 or 270 degrees
 * @param smallest the smallest side of the part, as a share of the image's; 1 takes the whole
 */
public record Augment(boolean flips, boolean turns, double smallest) {
  /** Checks the share. */
  public Augment {
    if (!(smallest > 0 && smallest <= 1)) {
      throw new IllegalArgumentException(
          "augment: smallest part " + smallest + ", expected (0, 1]");
    }
  }

  /** Images as they are. */
  public static Augment none() {
    return new Augment(false, false, 1);
  }

  /** Mirrored and turned. */
  public static Augment weak() {
    return new Augment(true, true, 1);
  }

  /** The same with a random part of at least this side. */
  public Augment withCrop(double side) {
    return new Augment(flips, turns, side);
  }

  /** How one image stands; a function of the seed alone. */
  View draw(String name, boolean grey, long seed) {
    var random = new SplittableRandom(seed);
    boolean mirrored = random.nextBoolean();
    int quarters = random.nextInt(4);
    double side = smallest + (1 - smallest) * random.nextDouble();
    double top = (1 - side) * random.nextDouble();
    double left = (1 - side) * random.nextDouble();
    var orientation = Orientation.of(flips && mirrored, turns ? quarters : 0);
    return new View(
        name, grey, orientation, smallest == 1 ? Crop.WHOLE : new Crop(top, left, side));
  }
}
