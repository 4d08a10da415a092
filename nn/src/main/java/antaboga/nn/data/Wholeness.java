// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32;

/**
 * Whether a PNG, JPEG or TIFF has arrived whole, at the speed of reading it: a broken copy is found
 * before training begins, and half a JPEG, which decoders fill up with grey, is found at all.
 */
final class Wholeness {
  private static final int PNG_SIGNATURE = 8;
  private static final int JPEG_TAIL = 1 << 16; // cameras append previews behind the end

  private Wholeness() {}

  /** Throws with the reason, not the file's name, if it is known to be broken. */
  static void check(Path file, String format) throws IOException {
    switch (format) {
      case "PNG" -> png(file);
      case "JPEG" -> jpeg(file);
      case "TIFF" -> tiff(file);
      default -> {} // decoders tell
    }
  }

  /** Walks over the chunks; those that matter carry a checksum that must hold. */
  private static void png(Path file) throws IOException {
    try (var stream = Files.newInputStream(file);
        var in = new DataInputStream(new BufferedInputStream(stream, 1 << 16))) {
      in.skipNBytes(PNG_SIGNATURE);
      var buffer = new byte[1 << 16];
      String name;
      do {
        int length = in.readInt();
        var type = new byte[4];
        in.readFully(type);
        name = new String(type, StandardCharsets.US_ASCII);
        var sum = new CRC32();
        sum.update(type);
        for (int left = length; left > 0; ) {
          int n = Math.min(left, buffer.length);
          in.readFully(buffer, 0, n);
          sum.update(buffer, 0, n);
          left -= n;
        }
        boolean matters = Character.isUpperCase(name.charAt(0));
        if (length < 0 || (in.readInt() != (int) sum.getValue() && matters)) {
          throw new IOException("it is damaged in its part " + name);
        }
      } while (!name.equals("IEND"));
    } catch (EOFException e) {
      throw new IOException("it ends too early", e);
    }
  }

  private static void tiff(Path file) throws IOException {
    try (var channel = Files.newByteChannel(file)) {
      TiffDirectory.read(channel).requireWhole();
    }
  }

  private static void jpeg(Path file) throws IOException {
    try (var channel = Files.newByteChannel(file)) {
      var tail = ByteBuffer.allocate((int) Math.min(JPEG_TAIL, channel.size()));
      channel.position(channel.size() - tail.capacity());
      while (tail.hasRemaining() && channel.read(tail) >= 0) {
        // until all is read
      }
      for (int i = tail.position() - 2; i >= 0; i--) {
        if (tail.get(i) == (byte) 0xff && tail.get(i + 1) == (byte) 0xd9) {
          return;
        }
      }
      throw new IOException("it ends too early");
    }
  }
}
