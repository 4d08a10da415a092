// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.kernel.Tiles;
import java.util.Arrays;

/**
 * One array of a scan as rows of channels: copies a stretch of time steps between it and a tile,
 * whatever the layout.
 */
final class ScanRows {
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
    if (s.step == 1 && strides.time() == s.count && s.count == stride && inOrder()) {
      tiles.read(s.base + s.from * strides.time(), rows, 0, s.steps * stride);
    } else if (s.step == 1) {
      for (int t = 0; t < s.steps; t++) {
        tiles.read(at(g, s, t), rows, t * stride, s.count);
        Arrays.fill(rows, t * stride + s.count, (t + 1) * stride, 0f);
      }
    } else {
      readAcross(g, s, rows, stride);
    }
  }

  /** Time runs fastest in the array: reads along it and turns the block. */
  private void readAcross(int g, Stretch s, float[] rows, int stride) {
    var line = new float[s.steps];
    for (int j = 0; j < s.count; j++) {
      if (strides.time() == 1 && inOrder()) {
        tiles.read(s.base + j * s.step + s.from, line, 0, s.steps);
      } else {
        for (int t = 0; t < s.steps; t++) {
          tiles.read(at(g, s, t) + j * s.step, line, t, 1);
        }
      }
      for (int t = 0; t < s.steps; t++) {
        rows[t * stride + j] = line[t];
      }
    }
    for (int t = 0; t < s.steps; t++) {
      Arrays.fill(rows, t * stride + s.count, (t + 1) * stride, 0f);
    }
  }

  private void write(int g, Stretch s, float[] rows, int stride) {
    if (s.step == 1) {
      for (int t = 0; t < s.steps; t++) {
        tiles.write(at(g, s, t), rows, t * stride, s.count);
      }
      return;
    }
    var line = new float[s.steps];
    for (int j = 0; j < s.count; j++) {
      for (int t = 0; t < s.steps; t++) {
        line[t] = rows[t * stride + j];
      }
      if (strides.time() == 1 && inOrder()) {
        tiles.write(s.base + j * s.step + s.from, line, 0, s.steps);
      } else {
        for (int t = 0; t < s.steps; t++) {
          tiles.write(at(g, s, t) + j * s.step, line, t, 1);
        }
      }
    }
  }

  private boolean inOrder() {
    return geometry.orders() == null;
  }

  private long at(int g, Stretch s, int t) {
    return s.base + geometry.position(g, s.from + t) * strides.time();
  }
}
