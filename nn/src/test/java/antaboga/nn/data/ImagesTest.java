// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.nn.metric.Region;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
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

  private static BufferedImage deep(int space, boolean alpha, int type) {
    var colours =
        new ComponentColorModel(
            ColorSpace.getInstance(space),
            alpha,
            false,
            alpha ? Transparency.TRANSLUCENT : Transparency.OPAQUE,
            type);
    var image =
        new BufferedImage(colours, colours.createCompatibleWritableRaster(7, 5), false, null);
    var random = new SplittableRandom(1);
    var raster = image.getRaster();
    for (int y = 0; y < 5; y++) {
      for (int x = 0; x < 7; x++) {
        for (int b = 0; b < raster.getNumBands(); b++) {
          raster.setSample(x, y, b, random.nextInt(1 << raster.getSampleModel().getSampleSize(b)));
        }
      }
    }
    return image;
  }

  @Test
  void keepsEveryValueOfDeepImagesWithOrWithoutAlpha() throws IOException {
    for (var format : new String[] {"png", "tiff"}) {
      for (int space : new int[] {ColorSpace.CS_GRAY, ColorSpace.CS_sRGB}) {
        for (boolean alpha : new boolean[] {false, true}) {
          for (int type : new int[] {DataBuffer.TYPE_BYTE, DataBuffer.TYPE_USHORT}) {
            var image = deep(space, alpha, type);
            var file = folder.resolve("deep." + format);
            assertTrue(ImageIO.write(image, format, file.toFile()));
            var raster = Images.read(file);
            int channels = space == ColorSpace.CS_GRAY ? 1 : 3;
            assertEquals(channels, raster.channels());
            assertEquals(type == DataBuffer.TYPE_BYTE ? 8 : 16, raster.bits());
            var header = ImageHeader.read(file);
            assertEquals(channels + (alpha ? 1 : 0), header.channels());
            assertEquals(raster.bits(), header.bits());
            for (int i = 0; i < 35 * channels; i++) {
              int x = i / channels % 7;
              int y = i / channels / 7;
              assertEquals(
                  image.getRaster().getSample(x, y, i % channels),
                  raster.value(i % channels, y, x));
            }
          }
        }
      }
    }
  }

  @Test
  void resolvesPalettes() throws IOException {
    for (var format : new String[] {"png", "tiff", "gif", "bmp"}) {
      var file = write("palette." + format, BufferedImage.TYPE_BYTE_INDEXED, format);
      var raster = Images.read(file);
      var image = ImageIO.read(file.toFile());
      assertEquals(3, raster.channels(), format);
      for (int x = 0; x < 7; x++) {
        assertEquals(image.getRGB(x, 2) >> 16 & 0xff, raster.value(0, 2, x), format);
        assertEquals(image.getRGB(x, 2) & 0xff, raster.value(2, 2, x), format);
      }
    }
  }

  @Test
  void readsEveryCompressionOfTiff() throws IOException {
    for (var compression : new String[] {"LZW", "ZLib", "Deflate", "PackBits", "CCITT T.6"}) {
      boolean bits = compression.startsWith("CCITT");
      var image =
          ImageIO.read(
              write(
                      "plain.png",
                      bits ? BufferedImage.TYPE_BYTE_BINARY : BufferedImage.TYPE_3BYTE_BGR,
                      "png")
                  .toFile());
      var file = folder.resolve("compressed.tif");
      var writer = ImageIO.getImageWritersByFormatName("tiff").next();
      var how = writer.getDefaultWriteParam();
      how.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      how.setCompressionType(compression);
      if (!bits) {
        how.setTilingMode(ImageWriteParam.MODE_EXPLICIT);
        how.setTiling(16, 16, 0, 0);
      }
      Files.deleteIfExists(file);
      try (var out = ImageIO.createImageOutputStream(file.toFile())) {
        writer.setOutput(out);
        writer.write(null, new IIOImage(image, null, null), how);
      }
      var raster = Images.read(file);
      for (int x = 0; x < 7; x++) {
        assertEquals(image.getRGB(x, 3) >> 16 & 0xff, raster.value(0, 3, x), compression);
      }
    }
  }

  @Test
  void turnsTiffsWhoseWhiteIsZero() throws IOException {
    var file = folder.resolve("film.tif");
    var values = new byte[] {10, (byte) 200, 30, 40};
    Files.write(file, new TinyTiff(2, 2, 1, 8, TinyTiff.WHITE_IS_ZERO, values).bytes());
    assertEquals(245, Images.read(file).value(0, 0, 0));
    Files.write(file, new TinyTiff(2, 2, 1, 8, TinyTiff.GREY, values).bytes());
    assertEquals(200, Images.read(file).value(0, 0, 1));
    Files.write(
        file, new TinyTiff(2, 2, 1, 8, TinyTiff.GREY, values).with(278, Integer.MAX_VALUE).bytes());
    assertEquals(40, Images.read(file).value(0, 1, 1));
  }

  @Test
  void refusesInWordsWhatIsNeitherGreyNorColour() throws IOException {
    var file = folder.resolve("odd.tif");
    refused(
        file,
        new TinyTiff(2, 2, 4, 8, TinyTiff.SEPARATED, new byte[16]),
        "4 channels of bytes, expected grey or RGB");
    refused(
        file,
        new TinyTiff(2, 2, 1, 16, TinyTiff.GREY, new byte[8]).with(339, 2),
        "1 channels of 16 bits with a sign, expected");
    refused(
        file,
        new TinyTiff(2, 2, 1, 32, TinyTiff.GREY, new byte[16]).with(339, 3),
        "1 channels of 32 bits, expected");
    refused(
        file,
        new TinyTiff(9000, 9000, 1000, 8, TinyTiff.RGB, new byte[16]),
        "1000 channels of 8 bits, expected");
    var jpeg = folder.resolve("print.jpg");
    var writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    try (var out = ImageIO.createImageOutputStream(jpeg.toFile())) {
      writer.setOutput(out);
      var separated =
          java.awt.image.Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, 7, 5, 4, null);
      writer.write(null, new IIOImage(separated, null, null), null);
    }
    var e = assertThrows(IOException.class, () -> Images.read(jpeg));
    assertTrue(
        e.toString().contains("4 channels of 8 bits (CMYK), expected grey or RGB"), e::toString);
  }

  private static void refused(Path file, TinyTiff tiff, String message) throws IOException {
    Files.write(file, tiff.bytes());
    var e = assertThrows(IOException.class, () -> Images.read(file));
    assertTrue(e.toString().contains(message), e.toString());
    assertTrue(e.toString().contains(file.toString()), e.toString());
  }

  @Test
  void refusesTiffsWhosePartsAskForAllMemory() throws IOException {
    var file = folder.resolve("parts.tif");
    var values = new byte[] {10, 20, 30, 40};
    refused(
        file,
        new TinyTiff(2, 2, 1, 8, TinyTiff.GREY, values).with(322, 1 << 30).with(323, 1 << 30),
        "not a whole image (its tiles are larger than its image)");
    refused(
        file,
        new TinyTiff(2, 2, 1, 8, TinyTiff.GREY, values).with(279, 2_000_000_000),
        "not a whole image (it ends too early)");
    var cut = new TinyTiff(9, 9, 1, 8, TinyTiff.GREY, new byte[81]).bytes();
    Files.write(file, java.util.Arrays.copyOf(cut, cut.length - 81));
    assertThrows(IOException.class, () -> Images.check(file));
  }

  @Test
  void aDecoderWithoutAReasonIsGivenOne() throws IOException {
    var file = write("cut.bmp", BufferedImage.TYPE_3BYTE_BGR, "bmp");
    var whole = Files.readAllBytes(file);
    Files.write(file, java.util.Arrays.copyOf(whole, whole.length - 30));
    var e = assertThrows(IOException.class, () -> Images.read(file));
    assertTrue(e.toString().contains("BMP image (it ends too early); replace"), e.toString());
  }

  @Test
  void refusesHugeSizesBeforeDecoding() throws IOException {
    var whole = Files.readAllBytes(write("huge.png", BufferedImage.TYPE_BYTE_GRAY, "png"));
    var file = pngOf(whole, 60_000, 60_000);
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long id = Thread.currentThread().getId();
    assertThrows(IOException.class, () -> Images.read(file)); // loads the classes
    long before = threads.getThreadAllocatedBytes(id);
    long start = System.nanoTime();
    var e = assertThrows(IOException.class, () -> Images.read(file));
    long millis = (System.nanoTime() - start) / 1_000_000;
    assertTrue(threads.getThreadAllocatedBytes(id) - before < 1 << 20, "memory");
    assertTrue(millis < 200, millis + " ms");
    assertTrue(e.toString().contains("60000 x 60000"), e.toString());
    assertTrue(e.toString().contains(file.toString()), e.toString());
  }

  @Test
  void refusesFewBytesForManyPixels() throws IOException {
    var png = Files.readAllBytes(write("few.png", BufferedImage.TYPE_BYTE_GRAY, "png"));
    var file = pngOf(png, 9_000, 9_000); // below the limit of pixels
    var e = assertThrows(IOException.class, () -> Images.check(file));
    assertTrue(e.toString().contains("bytes cannot hold 9000 x 9000 pixels"), e.toString());
    var white = new BufferedImage(3000, 3000, BufferedImage.TYPE_BYTE_GRAY);
    for (var format : new String[] {"png", "jpeg"}) {
      var empty = folder.resolve("empty." + format);
      assertTrue(ImageIO.write(white, format, empty.toFile()));
      assertEquals(3000, Images.read(empty).width()); // as small as an image gets
    }
  }

  private Path pngOf(byte[] whole, int width, int height) throws IOException {
    var bytes = whole.clone();
    var header = ByteBuffer.wrap(bytes).putInt(16, width).putInt(20, height);
    var sum = new CRC32();
    sum.update(bytes, 12, 17);
    header.putInt(29, (int) sum.getValue());
    return with(folder.resolve("of" + width + ".png"), bytes);
  }

  @Test
  void pixelsAreAsStoredWhateverTheCameraNotes() throws IOException {
    var whole = Files.readAllBytes(write("photo.jpeg", BufferedImage.TYPE_3BYTE_BGR, "jpeg"));
    // EXIF with one entry: orientation 6, to be shown turned by a quarter
    var exif =
        new byte[] {
          (byte) 0xff,
          (byte) 0xe1,
          0,
          34,
          'E',
          'x',
          'i',
          'f',
          0,
          0,
          'M',
          'M',
          0,
          42,
          0,
          0,
          0,
          8,
          0,
          1,
          1,
          18,
          0,
          3,
          0,
          0,
          0,
          1,
          0,
          6,
          0,
          0,
          0,
          0,
          0,
          0
        };
    var turned =
        ByteBuffer.allocate(whole.length + exif.length)
            .put(whole, 0, 2)
            .put(exif)
            .put(whole, 2, whole.length - 2)
            .array();
    var raster = Images.read(with(folder.resolve("turned.jpeg"), turned));
    assertEquals(7, raster.width());
    assertEquals(5, raster.height());
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
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long id = Thread.currentThread().getId();
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
        long before = threads.getThreadAllocatedBytes(id);
        try {
          Images.read(file);
        } catch (IOException e) {
          assertTrue(e.toString().contains(file.toString()), e.toString());
        }
        long taken = threads.getThreadAllocatedBytes(id) - before;
        var header = largest(file);
        assertTrue(taken < (64 << 20) + 16 * header, format + " took " + taken);
      }
    }
  }

  // pixels that the file may well have, if it is read
  private static long largest(Path file) throws IOException {
    try {
      var header = ImageHeader.read(file);
      long pixels = (long) header.width() * header.height();
      return pixels <= Images.MOST_PIXELS ? pixels : 0;
    } catch (IOException e) {
      return 0;
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
