// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.kernel.Scratch;
import antaboga.kernel.Tiles;
import java.util.Arrays;

/**
 * One array of a scan as rows of channels: copies a stretch of time steps between it and a tile,
 * whatever the layout.
 */
final class ScanRows {
  /** Channels that are turned together: a cache line of a row. */
  private static final int ACROSS = 16;

  private final Tiles tiles;
  private final ScanGeometry geometry;
  private final ScanStrides strides;

  ScanRows(Tiles tiles, ScanGeometry geometry, ScanStrides strides) {
    this.tiles = tiles;
    this.geometry = geometry;
    this.strides = strides;
  }

  /**
   * A stretch of an array: time steps {@code from} to {@code from + steps} and, in each row, {@code
   * count} elements that are {@code step} apart in the array, beginning with number {@code first}.
   */
  private record Stretch(long base, long step, int count, int from, int steps) {}

  private Stretch channels(int batch, int g, int first, int count, int from, int steps) {
    long base = strides.base(batch, g) + first * strides.channel();
    return new Stretch(base, strides.channel(), count, from, steps);
  }

  /** Fills rows of {@code stride} floats with channels, and the rest of each row with zeros. */
  void readChannels(
      int batch, int g, int first, int count, int from, int steps, float[] rows, int stride) {
    read(g, channels(batch, g, first, count, from, steps), rows, stride);
  }

  /** The inverse of {@link #readChannels}. */
  void writeChannels(
      int batch, int g, int first, int count, int from, int steps, float[] rows, int stride) {
    write(g, channels(batch, g, first, count, from, steps), rows, stride);
  }

  /** Fills rows with what the channels of a group share: states of B or C, factors of delta. */
  void readShared(int batch, int g, int count, int from, int steps, float[] rows) {
    read(g, new Stretch(strides.base(batch, g), strides.state(), count, from, steps), rows, count);
  }

  private void read(int g, Stretch s, float[] rows, int stride) {
    if (s.step == 1 && dense(s, stride)) {
      tiles.read(s.base + s.from * strides.time(), rows, 0, s.steps * stride);
    } else if (s.step == 1) {
      for (int t = 0; t < s.steps; t++) {
        tiles.read(at(g, s, t), rows, t * stride, s.count);
        if (s.count < stride) {
          Arrays.fill(rows, t * stride + s.count, (t + 1) * stride, 0f);
        }
      }
    } else {
      readAcross(g, s, rows, stride);
    }
  }

  /** Time runs fastest in the array: reads along it, and turns blocks of a few channels. */
  private void readAcross(int g, Stretch s, float[] rows, int stride) {
    var block = Scratch.floats(0, ACROSS * s.steps);
    for (int first = 0; first < stride; first += ACROSS) {
      int count = Math.min(ACROSS, stride - first);
      int present = Math.max(0, Math.min(count, s.count - first));
      for (int j = 0; j < present; j++) {
        readLine(g, s, first + j, block, j * s.steps);
      }
      Arrays.fill(block, present * s.steps, count * s.steps, 0f);
      for (int t = 0; t < s.steps; t++) {
        for (int j = 0; j < count; j++) {
          rows[t * stride + first + j] = block[j * s.steps + t];
        }
      }
    }
  }

  /** One channel in the order of time. */
  private void readLine(int g, Stretch s, int j, float[] line, int to) {
    if (strides.time() == 1 && inOrder()) {
      tiles.read(s.base + j * s.step + s.from, line, to, s.steps);
      return;
    }
    for (int t = 0; t < s.steps; t++) {
      tiles.read(at(g, s, t) + j * s.step, line, to + t, 1);
    }
  }

  private void write(int g, Stretch s, float[] rows, int stride) {
    if (s.step == 1 && dense(s, stride)) {
      tiles.write(s.base + s.from * strides.time(), rows, 0, s.steps * stride);
      return;
    }
    if (s.step == 1) {
      for (int t = 0; t < s.steps; t++) {
        tiles.write(at(g, s, t), rows, t * stride, s.count);
      }
      return;
    }
    var block = Scratch.floats(0, ACROSS * s.steps);
    for (int first = 0; first < s.count; first += ACROSS) {
      int count = Math.min(ACROSS, s.count - first);
      for (int t = 0; t < s.steps; t++) {
        for (int j = 0; j < count; j++) {
          block[j * s.steps + t] = rows[t * stride + first + j];
        }
      }
      for (int j = 0; j < count; j++) {
        writeLine(g, s, first + j, block, j * s.steps);
      }
    }
  }

  private void writeLine(int g, Stretch s, int j, float[] line, int from) {
    if (strides.time() == 1 && inOrder()) {
      tiles.write(s.base + j * s.step + s.from, line, from, s.steps);
      return;
    }
    for (int t = 0; t < s.steps; t++) {
      tiles.write(at(g, s, t) + j * s.step, line, from + t, 1);
    }
  }

  /** Whether the rows follow each other in the array as they do in the tile. */
  private boolean dense(Stretch s, int stride) {
    return strides.time() == s.count && s.count == stride && inOrder();
  }

  private boolean inOrder() {
    return geometry.orders() == null;
  }

  private long at(int g, Stretch s, int t) {
    return s.base + geometry.position(g, s.from + t) * strides.time();
  }
}
