// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.nn.metric.Region;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class ImagesTest {
  private final Path folder;

  ImagesTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private Path write(String name, int type, String format) throws IOException {
    var image = new BufferedImage(7, 5, type);
    var random = new SplittableRandom(1);
    var raster = image.getRaster();
    for (int y = 0; y < 5; y++) {
      for (int x = 0; x < 7; x++) {
        for (int b = 0; b < raster.getNumBands(); b++) {
          int bits = raster.getSampleModel().getSampleSize(b);
          raster.setSample(x, y, b, random.nextInt(1 << bits));
        }
      }
    }
    var file = folder.resolve(name);
    assertTrue(ImageIO.write(image, format, file.toFile()), format);
    return file;
  }

  private static Path with(Path file, byte[] bytes) throws IOException {
    return Files.write(file, bytes);
  }

  @Test
  void readsEveryFormatInGreyAndColour() throws IOException {
    for (var format : new String[] {"png", "bmp", "gif", "tiff", "jpeg"}) {
      for (int type : new int[] {BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_3BYTE_BGR}) {
        var file = write(type + "." + format, type, format);
        var header = ImageHeader.read(file);
        assertEquals(7, header.width(), format);
        assertEquals(5, header.height(), format);
        var raster = Images.read(file);
        assertEquals(type == BufferedImage.TYPE_BYTE_GRAY ? 1 : 3, raster.channels(), format);
        assertEquals(8, raster.bits(), format);
      }
    }
  }

  @Test
  void keepsValuesOfLosslessFormats() throws IOException {
    for (var format : new String[] {"png", "bmp", "tiff"}) {
      var file = write("a." + format, BufferedImage.TYPE_3BYTE_BGR, format);
      var raster = Images.read(file);
      var image = ImageIO.read(file.toFile());
      for (int y = 0; y < 5; y++) {
        for (int x = 0; x < 7; x++) {
          int rgb = image.getRGB(x, y);
          assertEquals(rgb >> 16 & 0xff, raster.value(0, y, x), format);
          assertEquals(rgb >> 8 & 0xff, raster.value(1, y, x), format);
          assertEquals(rgb & 0xff, raster.value(2, y, x), format);
        }
      }
    }
  }

  @Test
  void dropsAlphaAndKeepsSixteenBits() throws IOException {
    var alpha = Images.read(write("alpha.png", BufferedImage.TYPE_4BYTE_ABGR, "png"));
    assertEquals(3, alpha.channels());
    for (var format : new String[] {"png", "tiff"}) {
      var deep = Images.read(write("deep." + format, BufferedImage.TYPE_USHORT_GRAY, format));
      assertEquals(16, deep.bits(), format);
      assertEquals(1, deep.channels(), format);
      assertTrue(deep.value(0, 0, 0) > 255 || deep.value(0, 1, 1) > 255, format);
    }
  }

  @Test
  void readsOneBitAsBlackAndWhite() throws IOException {
    var raster = Images.read(write("bit.png", BufferedImage.TYPE_BYTE_BINARY, "png"));
    assertEquals(1, raster.channels());
    for (int i = 0; i < 7; i++) {
      assertTrue(raster.value(0, 0, i) == 0 || raster.value(0, 0, i) == 255);
    }
  }

  @Test
  void refusesHugeSizesBeforeDecoding() throws IOException {
    var bytes = Files.readAllBytes(write("huge.png", BufferedImage.TYPE_BYTE_GRAY, "png"));
    ByteBuffer.wrap(bytes).putInt(16, 60_000).putInt(20, 60_000);
    var file = with(folder.resolve("huge.png"), bytes);
    var e = assertThrows(IOException.class, () -> Images.read(file));
    assertTrue(e.toString().contains("60000 x 60000"), e.toString());
    assertTrue(e.toString().contains(file.toString()), e.toString());
  }

  @Test
  void refusesWhatDidNotArriveWhole() throws IOException {
    for (var format : new String[] {"png", "jpeg"}) {
      var whole = write("whole." + format, BufferedImage.TYPE_3BYTE_BGR, format);
      Images.check(whole);
      var bytes = Files.readAllBytes(whole);
      var half =
          with(folder.resolve("half." + format), java.util.Arrays.copyOf(bytes, bytes.length - 2));
      for (var reading : new Executable[] {() -> Images.check(half), () -> Images.read(half)}) {
        var e = assertThrows(IOException.class, reading);
        assertTrue(e.toString().contains(half + ": not a whole image"), e.toString());
      }
    }
  }

  @Test
  void acceptsWhatFollowsTheEnd() throws IOException {
    for (var format : new String[] {"png", "jpeg"}) {
      var file = write("more." + format, BufferedImage.TYPE_3BYTE_BGR, format);
      Files.write(file, new byte[1000], java.nio.file.StandardOpenOption.APPEND);
      assertEquals(3, Images.read(file).channels());
    }
  }

  @Test
  void namesBrokenFiles() throws IOException {
    var random = new SplittableRandom(3);
    for (var format : new String[] {"png", "jpeg", "gif", "bmp", "tiff"}) {
      var whole = Files.readAllBytes(write("x." + format, BufferedImage.TYPE_3BYTE_BGR, format));
      for (int round = 0; round < 40; round++) {
        var bytes = java.util.Arrays.copyOf(whole, random.nextInt(whole.length));
        if (round % 2 == 1) {
          bytes = whole.clone();
          for (int k = 0; k < 5; k++) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
          }
        }
        var file = with(folder.resolve("broken." + format), bytes);
        try {
          Images.read(file, 10_000);
        } catch (IOException e) {
          assertTrue(e.toString().contains(file.toString()), e.toString());
        }
      }
    }
  }

  @Test
  void namesAFileThatIsNoImage() throws IOException {
    var file =
        with(folder.resolve("a.png"), "hello".getBytes(java.nio.charset.StandardCharsets.UTF_8));
    var e = assertThrows(IOException.class, () -> Images.read(file));
    assertTrue(e.toString().contains("expected PNG, JPEG, TIFF, BMP or GIF"), e.toString());
  }

  @Test
  void masksComeBackAsTheyWereWritten() throws IOException {
    var mask = Region.of(new byte[] {0, 1, 1, 0, 0, 1}, 2, 3);
    var file = folder.resolve("deeper/mask.png");
    Images.writeMask(file, mask);
    Images.writeMask(file, mask);
    assertEquals(mask, Images.readMask(file));
    assertEquals(255, Images.read(file).value(0, 0, 1));
    try (var files = Files.list(folder.resolve("deeper"))) {
      assertEquals(1, files.count());
    }
  }

  @Test
  void masksOfZeroAndOneCount() {
    var small = Raster.of(1, 4, 8, new short[] {0, 1, 2, 0});
    assertArrayEquals(new byte[] {0, 1, 1, 0}, small.toMask(false));
    assertArrayEquals(new byte[] {0, 0, 0, 0}, small.toMask(true));
    var smooth = Raster.of(1, 4, 8, new short[] {0, 100, 200, 255});
    assertArrayEquals(new byte[] {0, 0, 1, 1}, smooth.toMask(false));
  }

  @Test
  void stretchesSixteenBitsOfGrey() {
    var values = new short[400];
    for (int i = 0; i < values.length; i++) {
      values[i] = (short) (1000 + i);
    }
    var bytes = Raster.of(20, 20, 16, values).toBytes()[0];
    assertEquals(0, bytes[0]);
    assertEquals(255, bytes[399] & 0xff);
    assertArrayEquals(new byte[400], Raster.of(20, 20, 16, new short[400]).toBytes()[0]);
  }
}
