// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Format and size of an image file, read from its first bytes without decoding it. Width and height
 * are those of the pixels as they are stored: a camera's note to show them turned (EXIF) is not
 * followed, as Pillow and scikit-image do not.
 *
 * @param format PNG, JPEG, GIF, BMP or TIFF
 * @param width in pixels
 * @param height in pixels
 * @param channels values of a pixel in the file, alpha included; 1 for a palette
 * @param bits of each of them
 */
public record ImageHeader(String format, int width, int height, int channels, int bits) {
  private static final int FIRST = 32;

  /**
   * Reads the header.
   *
   * @throws IOException naming the file, if it is no image of a known format or its sizes make no
   *     sense
   */
  public static ImageHeader read(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IOException(file + ": is a folder; name the image in it");
    }
    ImageHeader header;
    try {
      header = parse(file);
    } catch (NoSuchFileException e) {
      throw e;
    } catch (IOException e) {
      throw notWhole(file, e);
    }
    if (header.width < 1 || header.height < 1) {
      throw new IOException(
          "%s: %s image of %d x %d pixels, expected at least 1 x 1"
              .formatted(file, header.format, header.width, header.height));
    }
    return header;
  }

  static IOException notWhole(Path file, IOException e) {
    return new IOException(
        "%s: not a whole image (%s); replace or remove it".formatted(file, why(e)), e);
  }

  /** The reason in words: decoders often give none. */
  static String why(Exception e) {
    var text = e.getMessage();
    return e instanceof EOFException ? "it ends too early" : text == null ? "it is damaged" : text;
  }

  private static ImageHeader parse(Path file) throws IOException {
    byte[] first;
    try (var in = Files.newInputStream(file)) {
      first = in.readNBytes(FIRST);
    }
    var b = ByteBuffer.wrap(java.util.Arrays.copyOf(first, FIRST));
    var start = new String(first, StandardCharsets.ISO_8859_1);
    if (start.startsWith("\u0089PNG\r\n\u001a\n")) {
      return new ImageHeader("PNG", b.getInt(16), b.getInt(20), pngChannels(b.get(25)), b.get(24));
    }
    if (start.startsWith("\u00ff\u00d8\u00ff")) {
      return jpeg(file);
    }
    b.order(ByteOrder.LITTLE_ENDIAN);
    if (start.startsWith("GIF8")) {
      return new ImageHeader("GIF", b.getShort(6) & 0xffff, b.getShort(8) & 0xffff, 1, 8);
    }
    if (start.startsWith("BM")) {
      return b.getInt(14) == 12 // the oldest header has short sizes
          ? new ImageHeader("BMP", b.getShort(18) & 0xffff, b.getShort(20) & 0xffff, 3, 8)
          : new ImageHeader("BMP", b.getInt(18), Math.abs(b.getInt(22)), 3, 8);
    }
    if (start.startsWith("II*\0") || start.startsWith("MM\0*")) {
      return tiff(file);
    }
    throw new IOException("expected PNG, JPEG, TIFF, BMP or GIF");
  }

  private static int pngChannels(byte colourType) {
    return switch (colourType) {
      case 2 -> 3;
      case 4 -> 2;
      case 6 -> 4;
      default -> 1;
    };
  }

  /** Walks over the segments up to the frame's. */
  private static ImageHeader jpeg(Path file) throws IOException {
    try (InputStream stream = Files.newInputStream(file);
        var in = new DataInputStream(new java.io.BufferedInputStream(stream))) {
      in.skipNBytes(2);
      while (true) {
        int marker = in.readUnsignedByte();
        while (marker != 0xff) {
          marker = in.readUnsignedByte();
        }
        while (marker == 0xff) {
          marker = in.readUnsignedByte();
        }
        if (marker == 0xd9 || marker == 0xda) {
          throw new IOException("JPEG without a frame");
        }
        if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
          continue; // without a body
        }
        int length = in.readUnsignedShort();
        boolean frame =
            marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
        if (frame) {
          int bits = in.readUnsignedByte();
          int height = in.readUnsignedShort();
          int width = in.readUnsignedShort();
          return new ImageHeader("JPEG", width, height, in.readUnsignedByte(), bits);
        }
        in.skipNBytes(Math.max(0, length - 2));
      }
    }
  }

  private static ImageHeader tiff(Path file) throws IOException {
    try (var channel = Files.newByteChannel(file)) {
      return TiffDirectory.read(channel).header();
    }
  }
}
