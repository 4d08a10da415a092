// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.nn.data.Images;
import antaboga.nn.data.Sample;
import antaboga.nn.metric.Region;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/** Images and masks as Java's pictures. */
public final class Pictures {
  private Pictures() {}

  /** An image in colour. */
  public static BufferedImage read(Path file) throws IOException {
    var raster = Images.read(file);
    var planes = raster.toBytes();
    var picture = new BufferedImage(raster.width(), raster.height(), BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < raster.height(); y++) {
      for (int x = 0; x < raster.width(); x++) {
        int at = y * raster.width() + x;
        int red = planes[0][at] & 0xff;
        int green = planes[planes.length == 1 ? 0 : 1][at] & 0xff;
        int blue = planes[planes.length == 1 ? 0 : 2][at] & 0xff;
        picture.setRGB(x, y, red << 16 | green << 8 | blue);
      }
    }
    return picture;
  }

  /** The image with its darkest value at 0 and its brightest at 255, as a network sees it. */
  public static BufferedImage stretched(BufferedImage image) {
    var values =
        image.getRaster().getPixels(0, 0, image.getWidth(), image.getHeight(), (int[]) null);
    int low = Arrays.stream(values).min().orElse(0);
    int range = Math.max(1, Arrays.stream(values).max().orElse(255) - low);
    var result = new BufferedImage(image.getWidth(), image.getHeight(), image.getType());
    var scaled = Arrays.stream(values).map(v -> 255 * (v - low) / range).toArray();
    result.getRaster().setPixels(0, 0, image.getWidth(), image.getHeight(), scaled);
    return result;
  }

  /** How much brighter than the rest of its image what a mask marks is, in levels of 255. */
  public static double contrast(Sample sample) throws IOException {
    var planes = Images.read(sample.image()).toBytes();
    var mask = sample.truth();
    double inside = 0;
    double outside = 0;
    int area = planes[0].length;
    for (int i = 0; i < area; i++) {
      for (var plane : planes) {
        if (mask.contains(i)) {
          inside += (plane[i] & 0xff) / (double) planes.length;
        } else {
          outside += (plane[i] & 0xff) / (double) planes.length;
        }
      }
    }
    return inside / Math.max(1, mask.count()) - outside / Math.max(1, area - mask.count());
  }

  /** A mask as a grey image of 0 and 255. */
  public static BufferedImage of(Region mask) {
    int height = mask.shape()[0];
    int width = mask.shape()[1];
    var picture = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
    for (int i = 0; i < height * width; i++) {
      picture.getRaster().setSample(i % width, i / width, 0, mask.contains(i) ? 255 : 0);
    }
    return picture;
  }
}
