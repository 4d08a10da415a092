// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** A TIFF of one strip, not compressed, with tags as a test wants them. */
final class TinyTiff {
  static final int WHITE_IS_ZERO = 0;
  static final int GREY = 1;
  static final int RGB = 2;
  static final int SEPARATED = 5;

  private static final Set<Integer> SHORTS = Set.of(258, 259, 262, 277, 284, 339);

  private final Map<Integer, Integer> tags = new TreeMap<>();
  private final int bits;
  private final byte[] pixels;

  TinyTiff(int height, int width, int channels, int bits, int photometric, byte[] pixels) {
    this.bits = bits;
    this.pixels = pixels.clone();
    tags.put(256, width);
    tags.put(257, height);
    tags.put(258, 0); // elsewhere
    tags.put(259, 1);
    tags.put(262, photometric);
    tags.put(273, 0); // behind them
    tags.put(277, channels);
    tags.put(278, height);
    tags.put(279, pixels.length);
    tags.put(284, 1);
  }

  TinyTiff with(int tag, int value) {
    tags.put(tag, value);
    return this;
  }

  byte[] bytes() {
    int channels = tags.getOrDefault(277, 1);
    int bitsAt = 8 + 2 + 12 * tags.size() + 4;
    int pixelsAt = bitsAt + 2 * Math.max(2, channels);
    var file = ByteBuffer.allocate(pixelsAt + pixels.length).order(ByteOrder.LITTLE_ENDIAN);
    file.put((byte) 'I').put((byte) 'I').putShort((short) 42).putInt(8);
    file.putShort((short) tags.size());
    tags.forEach(
        (tag, value) -> {
          boolean depth = tag == 258;
          file.putShort((short) (int) tag).putShort((short) (SHORTS.contains(tag) ? 3 : 4));
          file.putInt(depth ? channels : 1);
          file.putInt(
              depth ? (channels <= 2 ? bits | bits << 16 : bitsAt) : tag == 273 ? pixelsAt : value);
        });
    file.putInt(0);
    for (int c = 0; c < channels; c++) {
      file.putShort((short) bits);
    }
    file.position(pixelsAt);
    return file.put(pixels).array();
  }
}
