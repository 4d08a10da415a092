// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * The first directory of a TIFF: what its first image is like and where it lies. Decoders trust the
 * sizes of its parts and would ask for as much memory as they say.
 *
 * @param numbers by tag, those that matter here
 * @param size of the file in bytes
 */
record TiffDirectory(Map<Integer, long[]> numbers, long size) {
  private static final int WIDTH = 256;
  private static final int HEIGHT = 257;
  private static final int BITS = 258;
  private static final int STRIP_OFFSETS = 273;
  private static final int CHANNELS = 277;
  private static final int STRIP_ROWS = 278;
  private static final int STRIP_BYTES = 279;
  private static final int TILE_WIDTH = 322;
  private static final int TILE_HEIGHT = 323;
  private static final int TILE_OFFSETS = 324;
  private static final int TILE_BYTES = 325;
  private static final long MOST_PARTS = 1 << 22;
  private static final long LARGEST_TILE = 1 << 24; // pixels; around a small image

  static TiffDirectory read(SeekableByteChannel file) throws IOException {
    var order =
        bytes(file, 0, 2, ByteOrder.BIG_ENDIAN).get(0) == 'I'
            ? ByteOrder.LITTLE_ENDIAN
            : ByteOrder.BIG_ENDIAN;
    long at = bytes(file, 4, 4, order).getInt(0) & 0xffffffffL;
    int entries = bytes(file, at, 2, order).getShort(0) & 0xffff;
    var table = bytes(file, at + 2, 12 * entries, order);
    var numbers = new TreeMap<Integer, long[]>();
    for (int entry = 0; entry < 12 * entries; entry += 12) {
      int tag = table.getShort(entry) & 0xffff;
      switch (tag) {
        case WIDTH,
            HEIGHT,
            BITS,
            STRIP_OFFSETS,
            CHANNELS,
            STRIP_ROWS,
            STRIP_BYTES,
            TILE_WIDTH,
            TILE_HEIGHT,
            TILE_OFFSETS,
            TILE_BYTES ->
            numbers.put(tag, numbers(file, table.slice(entry, 12).order(order)));
        default -> {} // of no interest here
      }
    }
    return new TiffDirectory(numbers, file.size());
  }

  /** The numbers of an entry: in its last four bytes if they fit, else elsewhere in the file. */
  private static long[] numbers(SeekableByteChannel file, ByteBuffer entry) throws IOException {
    int type = entry.getShort(2);
    int width = type == 3 ? 2 : 4; // bytes of a number: short or long
    long count = entry.getInt(4) & 0xffffffffL;
    if (count > MOST_PARTS || count * width > file.size()) {
      throw new IOException("its directory is damaged");
    }
    int length = (int) count * width;
    var from =
        length <= 4
            ? entry.slice(8, 4).order(entry.order())
            : bytes(file, entry.getInt(8) & 0xffffffffL, length, entry.order());
    var numbers = new long[(int) count];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = width == 2 ? from.getShort(2 * i) & 0xffff : from.getInt(4 * i) & 0xffffffffL;
    }
    return numbers;
  }

  private static ByteBuffer bytes(SeekableByteChannel file, long from, int n, ByteOrder order)
      throws IOException {
    var buffer = ByteBuffer.allocate(n).order(order);
    file.position(from);
    while (buffer.hasRemaining()) {
      if (file.read(buffer) < 0) {
        throw new IOException("it ends at byte " + file.size());
      }
    }
    return buffer;
  }

  ImageHeader header() {
    return new ImageHeader(
        "TIFF",
        (int) Math.min(Integer.MAX_VALUE, number(WIDTH, 0)),
        (int) Math.min(Integer.MAX_VALUE, number(HEIGHT, 0)),
        (int) Math.min(Integer.MAX_VALUE, number(CHANNELS, 1)),
        (int) Arrays.stream(all(BITS)).max().orElse(1));
  }

  /** Throws with the reason if parts lie beyond the file, or are too large for its image. */
  void requireWhole() throws IOException {
    requireWithin(STRIP_OFFSETS, STRIP_BYTES);
    requireWithin(TILE_OFFSETS, TILE_BYTES);
    long width = number(WIDTH, 0);
    long height = number(HEIGHT, 0);
    long most = Math.max(LARGEST_TILE, 4 * width * height);
    long tile = number(TILE_WIDTH, width) * number(TILE_HEIGHT, height);
    if (number(TILE_WIDTH, width) > most || number(TILE_HEIGHT, height) > most || tile > most) {
      throw new IOException("its tiles are larger than its image");
    }
  }

  private void requireWithin(int offsets, int lengths) throws IOException {
    for (long offset : all(offsets)) {
      if (offset >= size) {
        throw new IOException("it ends too early");
      }
    }
    for (long length : all(lengths)) {
      if (length > size) {
        throw new IOException("it ends too early");
      }
    }
  }

  private long[] all(int tag) {
    return numbers.getOrDefault(tag, new long[0]);
  }

  private long number(int tag, long otherwise) {
    var all = all(tag);
    return all.length == 0 ? otherwise : all[0];
  }
}
