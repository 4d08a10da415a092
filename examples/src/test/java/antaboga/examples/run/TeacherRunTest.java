// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.medsam.model.MedSamConfig;
import antaboga.nn.data.ImageFolder;
import antaboga.nn.data.Sample;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TeacherRunTest {
  @TempDir private Path folder;

  @Test
  void turnsDarkObjectsToBrightOnesAndBack() throws IOException {
    var bright = source("bright", Color.BLACK, Color.LIGHT_GRAY);
    var dark = source("dark", Color.PINK, Color.BLUE);
    assertEquals(1, dark.turnedTo(bright).inverted());
    assertEquals(1, bright.turnedTo(dark).inverted());
  }

  @Test
  void leavesWhatIsAlikeAsItIs() throws IOException {
    var one = source("one", Color.BLACK, Color.GRAY);
    var other = source("other", Color.DARK_GRAY, Color.WHITE);
    assertEquals(0, one.turnedTo(other).inverted());
  }

  @Test
  void onlyLargeEncodersArePassedTwice() {
    assertTrue(TeacherMemory.isLarge(MedSamConfig.vitB(), 1));
    assertFalse(TeacherMemory.isLarge(MedSamConfig.vitB().withInput(256), 1));
    assertFalse(TeacherMemory.isLarge(MedSamConfig.t6(), 16));
  }

  private TeacherRun.Source source(String name, Color ground, Color object) throws IOException {
    var image = new BufferedImage(20, 16, BufferedImage.TYPE_INT_RGB);
    var mask = new BufferedImage(20, 16, BufferedImage.TYPE_BYTE_GRAY);
    paint(image, ground, 0, 20);
    paint(image, object, 3, 6);
    paint(mask, Color.WHITE, 3, 6);
    Files.createDirectories(folder.resolve(name).resolve("images"));
    Files.createDirectories(folder.resolve(name).resolve("masks"));
    ImageIO.write(image, "png", folder.resolve(name).resolve("images/a.png").toFile());
    ImageIO.write(mask, "png", folder.resolve(name).resolve("masks/a.png").toFile());
    List<Sample> samples = ImageFolder.open(folder.resolve(name)).samples();
    return new TeacherRun.Source(samples, true, 0);
  }

  private static void paint(BufferedImage picture, Color colour, int from, int width) {
    var graphics = picture.createGraphics();
    graphics.setColor(colour);
    graphics.fillRect(from, 0, width, 16);
    graphics.dispose();
  }
}
