// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;

/** A folder of small images of a disc each, with masks and lists. */
final class TinyData {
  private TinyData() {}

  static Path in(Path folder) throws IOException {
    for (var part : List.of("images", "masks", "splits")) {
      Files.createDirectories(folder.resolve(part));
    }
    var random = new SplittableRandom(1);
    for (int i = 0; i < 12; i++) {
      int x = 10 + random.nextInt(20);
      int y = 10 + random.nextInt(16);
      var image = new BufferedImage(40, 36, BufferedImage.TYPE_INT_RGB);
      var mask = new BufferedImage(40, 36, BufferedImage.TYPE_BYTE_GRAY);
      disc(image, x, y, new Color(180, 60 + 10 * i, 90));
      disc(mask, x, y, Color.WHITE);
      ImageIO.write(image, "png", folder.resolve("images").resolve(name(i) + ".png").toFile());
      ImageIO.write(mask, "png", folder.resolve("masks").resolve(name(i) + ".png").toFile());
    }
    list(folder, "train", 0, 6);
    list(folder, "val", 6, 8);
    list(folder, "test", 8, 10);
    list(folder, "source", 10, 12);
    return folder;
  }

  private static void disc(BufferedImage image, int x, int y, Color colour) {
    var graphics = image.createGraphics();
    graphics.setColor(colour);
    graphics.fillOval(x - 7, y - 7, 15, 15);
    graphics.dispose();
  }

  static String name(int i) {
    return "disc_%02d".formatted(i);
  }

  private static void list(Path folder, String split, int from, int to) throws IOException {
    var names =
        IntStream.range(from, to).mapToObj(TinyData::name).collect(Collectors.joining("\n"));
    Files.writeString(folder.resolve("splits").resolve(split + ".txt"), names + "\n");
  }
}
