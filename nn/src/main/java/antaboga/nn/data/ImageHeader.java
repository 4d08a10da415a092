// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Format and size of an image file, read from its first bytes without decoding it.
 *
 * @param format PNG, JPEG, GIF, BMP or TIFF
 * @param width in pixels
 * @param height in pixels
 */
public record ImageHeader(String format, int width, int height) {
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
    var why = e instanceof EOFException ? "it ends too early" : e.getMessage();
    return new IOException(
        "%s: not a whole image (%s); replace or remove it".formatted(file, why), e);
  }

  private static ImageHeader parse(Path file) throws IOException {
    byte[] first;
    try (var in = Files.newInputStream(file)) {
      first = in.readNBytes(FIRST);
    }
    var b = ByteBuffer.wrap(java.util.Arrays.copyOf(first, FIRST));
    var start = new String(first, StandardCharsets.ISO_8859_1);
    if (start.startsWith("\u0089PNG\r\n\u001a\n")) {
      return new ImageHeader("PNG", b.getInt(16), b.getInt(20));
    }
    if (start.startsWith("\u00ff\u00d8\u00ff")) {
      return jpeg(file);
    }
    b.order(ByteOrder.LITTLE_ENDIAN);
    if (start.startsWith("GIF8")) {
      return new ImageHeader("GIF", b.getShort(6) & 0xffff, b.getShort(8) & 0xffff);
    }
    if (start.startsWith("BM")) {
      return b.getInt(14) == 12 // the oldest header has short sizes
          ? new ImageHeader("BMP", b.getShort(18) & 0xffff, b.getShort(20) & 0xffff)
          : new ImageHeader("BMP", b.getInt(18), Math.abs(b.getInt(22)));
    }
    if (start.startsWith("II*\0") || start.startsWith("MM\0*")) {
      return tiff(file, start.startsWith("II") ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    }
    throw new IOException("expected PNG, JPEG, TIFF, BMP or GIF");
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
          in.skipNBytes(1);
          int height = in.readUnsignedShort();
          return new ImageHeader("JPEG", in.readUnsignedShort(), height);
        }
        in.skipNBytes(Math.max(0, length - 2));
      }
    }
  }

  /** Looks up width (tag 256) and height (257) in the first directory. */
  private static ImageHeader tiff(Path file, ByteOrder order) throws IOException {
    try (var channel = Files.newByteChannel(file)) {
      long directory = bytes(channel, 4, 4, order).getInt(0) & 0xffffffffL;
      int entries = bytes(channel, directory, 2, order).getShort(0) & 0xffff;
      var table = bytes(channel, directory + 2, 12 * entries, order);
      int width = 0;
      int height = 0;
      for (int at = 0; at < 12 * entries; at += 12) {
        int tag = table.getShort(at) & 0xffff;
        boolean isShort = table.getShort(at + 2) == 3;
        int value = isShort ? table.getShort(at + 8) & 0xffff : table.getInt(at + 8);
        width = tag == 256 ? value : width;
        height = tag == 257 ? value : height;
      }
      return new ImageHeader("TIFF", width, height);
    }
  }

  private static ByteBuffer bytes(SeekableByteChannel channel, long from, int n, ByteOrder order)
      throws IOException {
    var buffer = ByteBuffer.allocate(n).order(order);
    channel.position(from);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new IOException("it ends at byte " + channel.size());
      }
    }
    return buffer;
  }
}
