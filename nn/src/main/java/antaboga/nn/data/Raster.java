// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import antaboga.ShapeException;

/**
 * A decoded image: one channel (grey) or three (red, green, blue) of 8 or 16 bits, row by row. A
 * value; it never changes.
 */
public final class Raster {
  private final int height;
  private final int width;
  private final int bits;
  private final short[][] planes;

  private Raster(int height, int width, int bits, short[][] planes) {
    this.height = height;
    this.width = width;
    this.bits = bits;
    this.planes = planes;
  }

  /**
   * An image of one plane or three, each of {@code height * width} values.
   *
   * @param bits 8 or 16; values are unsigned
   */
  public static Raster of(int height, int width, int bits, short[]... planes) {
    if (planes.length != 1 && planes.length != 3) {
      throw new ShapeException("raster of " + planes.length + " channels, expected 1 or 3");
    }
    if (bits != 8 && bits != 16) {
      throw new IllegalArgumentException("raster of " + bits + " bits, expected 8 or 16");
    }
    var copies = new short[planes.length][];
    for (int c = 0; c < planes.length; c++) {
      if (planes[c].length != (long) height * width) {
        throw new ShapeException(
            "raster of %d x %d from %d values".formatted(height, width, planes[c].length));
      }
      copies[c] = planes[c].clone();
    }
    return new Raster(height, width, bits, copies);
  }

  /** Takes the arrays as they are. */
  static Raster owning(int height, int width, int bits, short[][] planes) {
    return new Raster(height, width, bits, planes);
  }

  /** The number of rows. */
  public int height() {
    return height;
  }

  /** The number of columns. */
  public int width() {
    return width;
  }

  /** 1 or 3. */
  public int channels() {
    return planes.length;
  }

  /** 8 or 16. */
  public int bits() {
    return bits;
  }

  /** A pixel's value in a channel, from 0. */
  public int value(int channel, int row, int column) {
    return planes[channel][row * width + column] & 0xffff;
  }

  /**
   * The image in 8 bits, {@code height * width} bytes for each channel. Sixteen bits of colour lose
   * their lower half; sixteen bits of grey are raw intensities as a rule, and their range between
   * the percentiles 0.5 and 99.5 is stretched, as MedSAM prepares them.
   */
  public byte[][] toBytes() {
    var bytes = new byte[planes.length][];
    for (int c = 0; c < planes.length; c++) {
      bytes[c] = bits == 16 && planes.length == 1 ? stretched(planes[c]) : upper(planes[c]);
    }
    return bytes;
  }

  private byte[] upper(short[] plane) {
    var bytes = new byte[plane.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) ((plane[i] & 0xffff) >> (bits - 8));
    }
    return bytes;
  }

  private static byte[] stretched(short[] plane) {
    var values = new float[plane.length];
    boolean dark = true;
    for (int i = 0; i < values.length; i++) {
      values[i] = plane[i] & 0xffff;
      dark &= values[i] == 0;
    }
    return dark ? new byte[values.length] : IntensityWindow.percentiles().apply(values);
  }

  /**
   * The mask that the image stands for, {@code height * width} bytes 0 or 1: what reaches half of
   * the largest possible value; if nothing does (a mask of 0 and 1, a map of class numbers), what
   * is not 0. The brightest channel counts.
   *
   * @param lossy whether the file was compressed with loss, so that small values are noise
   */
  byte[] toMask(boolean lossy) {
    int half = 1 << (bits - 1);
    var mask = new byte[height * width];
    boolean any = false;
    boolean bright = false;
    for (int i = 0; i < mask.length; i++) {
      int value = brightest(i);
      any |= value > 0;
      bright |= value >= half;
    }
    int threshold = bright || lossy ? half : 1;
    for (int i = 0; any && i < mask.length; i++) {
      mask[i] = (byte) (brightest(i) >= threshold ? 1 : 0);
    }
    return mask;
  }

  private int brightest(int i) {
    int value = 0;
    for (var plane : planes) {
      value = Math.max(value, plane[i] & 0xffff);
    }
    return value;
  }

  @Override
  public String toString() {
    return "Raster of %d x %d pixels, %d channels of %d bits"
        .formatted(width, height, planes.length, bits);
  }
}
