// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.nn.data.Images;
import antaboga.nn.data.SplineResize;
import antaboga.nn.metric.Connectivity;
import antaboga.nn.metric.Region;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The pixels of an image that belong to an object. A value; it never changes.
 *
 * <p>As a prompt it asks for a better mask of the same object. One that a model made goes back as
 * the model's own scores, as SAM expects it; any other as probabilities of 0.999 inside and 0.001
 * outside.
 */
public final class Mask implements Prompt {
  private static final float SURE = (float) Math.log(0.999 / 0.001);

  private final int height;
  private final int width;
  private final boolean[] inside;
  private final double iou;
  private final float[] logits; // of the model that made it, at the decoder's resolution; or none
  private final int count;

  private Mask(int height, int width, boolean[] inside, double iou, float... logits) {
    this.height = height;
    this.width = width;
    this.inside = inside;
    this.iou = iou;
    this.logits = logits;
    int set = 0;
    for (boolean b : inside) {
      set += b ? 1 : 0;
    }
    this.count = set;
  }

  /**
   * A mask of {@code height * width} pixels, row by row.
   *
   * @throws ShapeException if their number does not fit
   */
  public static Mask of(int height, int width, boolean[] inside) {
    requireCount(height, width, inside.length);
    return new Mask(height, width, inside.clone(), Double.NaN);
  }

  /** The bytes that are not zero, row by row; see {@link #of(int, int, boolean[])}. */
  public static Mask of(int height, int width, byte[] values) {
    requireCount(height, width, values.length);
    var inside = new boolean[values.length];
    for (int i = 0; i < inside.length; i++) {
      inside[i] = values[i] != 0;
    }
    return new Mask(height, width, inside, Double.NaN);
  }

  /**
   * The pixels whose probability is above the threshold, with the model's own estimate and scores.
   */
  static Mask above(
      float[] probability, double threshold, int height, int width, double iou, float[] logits) {
    requireCount(height, width, probability.length);
    var inside = new boolean[probability.length];
    for (int i = 0; i < inside.length; i++) {
      inside[i] = probability[i] > threshold;
    }
    return new Mask(height, width, inside, iou, logits);
  }

  /** The mask as a model is asked with it: side * side values over its square input. */
  float[] logits(int side, Frame frame) {
    if (logits.length == side * side) {
      return logits;
    }
    double across = (double) frame.input() / side / frame.horizontal(); // pixels of a cell
    double down = (double) frame.input() / side / frame.vertical();
    var sure = new float[side * side];
    for (int row = 0; row < side; row++) {
      int y = (int) ((row + 0.5) * down);
      for (int column = 0; column < side; column++) {
        int x = (int) ((column + 0.5) * across);
        boolean in = y < height && x < width && inside[y * width + x];
        sure[row * side + column] = in ? SURE : -SURE;
      }
    }
    return sure;
  }

  private static void requireCount(int height, int width, int count) {
    if (height <= 0 || width <= 0 || count != (long) height * width) {
      throw new ShapeException(
          "mask of shape %s from %d pixels"
              .formatted(Shape.text(new long[] {height, width}), count));
    }
  }

  /** The number of rows. */
  public int height() {
    return height;
  }

  /** The number of columns. */
  public int width() {
    return width;
  }

  /** The number of pixels inside. */
  public int count() {
    return count;
  }

  /** Whether no pixel is inside. */
  public boolean isEmpty() {
    return count == 0;
  }

  /**
   * The model's own estimate of the intersection over union with the truth; NaN for a mask that no
   * model made.
   */
  public double iou() {
    return iou;
  }

  /** Whether a pixel is inside. */
  public boolean contains(int row, int column) {
    if (row < 0 || row >= height || column < 0 || column >= width) {
      throw new IndexOutOfBoundsException(
          "pixel (%d, %d) of a mask of shape (%d, %d)".formatted(row, column, height, width));
    }
    return inside[row * width + column];
  }

  /** The pixels row by row, as a new array. */
  public boolean[] toBooleans() {
    return inside.clone();
  }

  /** The pixels row by row, as a new array of 0 and 1. */
  public byte[] toBytes() {
    var bytes = new byte[inside.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (inside[i] ? 1 : 0);
    }
    return bytes;
  }

  /**
   * The box from the first to the last column and row that hold a pixel, both counted as MedSAM
   * does, by their index; empty for an empty mask.
   */
  public Optional<Box> box() {
    if (count == 0) {
      return Optional.empty();
    }
    int top = height;
    int bottom = -1;
    int left = width;
    int right = -1;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        if (inside[y * width + x]) {
          top = Math.min(top, y);
          bottom = y;
          left = Math.min(left, x);
          right = Math.max(right, x);
        }
      }
    }
    // a line of single pixels would give an empty box
    return Optional.of(new Box(left, top, Math.max(right, left + 1), Math.max(bottom, top + 1)));
  }

  /** The connected parts of at least so many pixels, the largest first. */
  public List<Mask> parts(Connectivity connectivity, int least) {
    return region().components(connectivity).stream()
        .filter(part -> part.count() >= least)
        .map(part -> of(height, width, part.toBytes()))
        .toList();
  }

  /** The mask at another size: each new pixel takes the old one that holds its centre. */
  public Mask resized(int toHeight, int toWidth) {
    if (toHeight <= 0 || toWidth <= 0) {
      throw new ShapeException("mask resized to (%d, %d)".formatted(toHeight, toWidth));
    }
    return of(toHeight, toWidth, SplineResize.nearest(toBytes(), height, width, toHeight, toWidth));
  }

  /** The mask as metrics take it. */
  public Region region() {
    return Region.of(inside, height, width);
  }

  /**
   * Reads a mask file: what reaches half of the largest possible value or, where nothing does, what
   * is not 0.
   *
   * @throws IOException naming the file, if it cannot be read as an image
   */
  public static Mask read(Path file) throws IOException {
    var region = Images.readMask(file);
    return of(region.shape()[0], region.shape()[1], region.toBytes());
  }

  /**
   * Writes a grey PNG of 0 outside and 255 inside, as a whole or not at all.
   *
   * @throws IOException naming the file, if it cannot be written
   */
  public void write(Path file) throws IOException {
    Images.writeMask(file, region());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Mask that
        && width == that.width
        && height == that.height
        && Arrays.equals(inside, that.inside);
  }

  @Override
  public int hashCode() {
    return 31 * width + Arrays.hashCode(inside);
  }

  @Override
  public String toString() {
    return "Mask of %d x %d, %d pixels".formatted(width, height, count);
  }
}
