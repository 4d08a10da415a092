// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.nn.data.Images;
import antaboga.nn.metric.Region;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;

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
