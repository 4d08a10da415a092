// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.Tensor;
import antaboga.nn.data.Images;
import antaboga.nn.data.SplineResize;
import antaboga.nn.data.SplineResize.Boundary;
import java.io.IOException;
import java.nio.file.Path;

/**
 * An image of bytes with one channel (grey) or three (red, green, blue), and its preparation for a
 * model. A value; it never changes.
 */
public final class Image {
  private final int height;
  private final int width;
  private final byte[][] planes;

  private Image(int height, int width, byte[][] planes) {
    this.height = height;
    this.width = width;
    this.planes = planes;
  }

  /** A grey image from {@code height * width} bytes, row by row. */
  public static Image grey(int height, int width, byte[] values) {
    return of(height, width, 1, values);
  }

  /** A colour image from {@code height * width * 3} bytes: red, green, blue of each pixel. */
  public static Image rgb(int height, int width, byte[] values) {
    return of(height, width, 3, values);
  }

  private static Image of(int height, int width, int channels, byte[] values) {
    if (height <= 0 || width <= 0 || values.length != (long) height * width * channels) {
      throw new ShapeException(
          "image of shape %s from %d bytes"
              .formatted(Shape.text(new long[] {height, width, channels}), values.length));
    }
    var planes = new byte[channels][height * width];
    for (int i = 0; i < height * width; i++) {
      for (int c = 0; c < channels; c++) {
        planes[c][i] = values[i * channels + c];
      }
    }
    return new Image(height, width, planes);
  }

  /**
   * Reads a PNG, JPEG, TIFF, BMP or GIF of at most {@link Images#MOST_PIXELS}. Sixteen bits of grey
   * are taken for raw intensities and stretched; see {@link antaboga.nn.data.IntensityWindow} for
   * scans whose window is known.
   *
   * @throws IOException naming the file, if it is missing, broken, too large or of another kind
   */
  public static Image read(Path file) throws IOException {
    var raster = Images.read(file);
    return new Image(raster.height(), raster.width(), raster.toBytes());
  }

  static Image ofPlanes(int height, int width, byte[][] planes) {
    return new Image(height, width, planes);
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

  /** A pixel's value in a channel, 0 to 255. */
  public int value(int channel, int row, int column) {
    return planes[channel][row * width + column] & 0xff;
  }

  byte[] plane(int channel) {
    return planes[channel];
  }

  /**
   * The image as MedSAM's inference prepares it: stretched to a square by a cubic spline with
   * anti-aliasing, truncated to bytes, then stretched to [0, 1] over all channels together. No mean
   * or deviation is taken off.
   *
   * @return (1, 3, size, size)
   */
  public Tensor prepared(int size) {
    var resized = resized(size, Boundary.MIRROR);
    for (var plane : resized) {
      for (int i = 0; i < plane.length; i++) {
        plane[i] = (int) plane[i];
      }
    }
    return normalized(resized, size);
  }

  /**
   * The image as MedSAM's training data are prepared: as {@link #prepared}, but with zeros around
   * the image, and not truncated.
   *
   * @return (1, 3, size, size)
   */
  public Tensor preparedForTraining(int size) {
    return normalized(resized(size, Boundary.ZERO), size);
  }

  double[][] resized(int size, Boundary boundary) {
    if (size <= 0) {
      throw new IllegalArgumentException("image size " + size + ", expected > 0");
    }
    var values = new double[planes.length][height * width];
    for (int c = 0; c < planes.length; c++) {
      for (int i = 0; i < values[c].length; i++) {
        values[c][i] = planes[c][i] & 0xff;
      }
    }
    return SplineResize.cubic(values, height, width, size, size, boundary);
  }

  static Tensor normalized(double[][] planes, int size) {
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    for (var plane : planes) {
      for (double v : plane) {
        min = Math.min(min, v);
        max = Math.max(max, v);
      }
    }
    double range = Math.max(1e-8, max - min);
    var values = new float[3 * size * size];
    for (int c = 0; c < 3; c++) {
      var plane = planes[planes.length == 1 ? 0 : c];
      for (int i = 0; i < plane.length; i++) {
        values[c * size * size + i] = (float) ((plane[i] - min) / range);
      }
    }
    return Tensor.of(values, 1, 3, size, size);
  }

  @Override
  public String toString() {
    return "Image of " + width + " x " + height + ", channels " + channels();
  }
}
