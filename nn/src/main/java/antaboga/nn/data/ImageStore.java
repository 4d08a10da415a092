// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import antaboga.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Images and masks at the size of a network's input, kept in memory as bytes up to a limit; beyond
 * it, files are read again. For use by several threads.
 *
 * <p>An image is stretched to a square by a cubic spline with anti-aliasing and truncated to bytes,
 * a mask by the nearest pixel; see {@link SplineResize}. Values given out are stretched to [0, 1]
 * over all channels together; no mean or deviation is taken off.
 */
public final class ImageStore {
  /** What is kept of a file: one plane or three of size * size bytes. */
  private static final class Kept {
    final byte[][] planes;
    final int min;
    final int max;

    Kept(byte[][] planes) {
      this.planes = planes;
      int low = 255;
      int high = 0;
      for (var plane : planes) {
        for (byte b : plane) {
          low = Math.min(low, b & 0xff);
          high = Math.max(high, b & 0xff);
        }
      }
      this.min = low;
      this.max = high;
    }
  }

  private interface Reader {
    Kept read(Path file) throws IOException;
  }

  private final int size;
  private final long mostBytes;
  private final AtomicLong bytes = new AtomicLong();
  private final Map<Path, Kept> images = new ConcurrentHashMap<>();
  private final Map<Path, Kept> masks = new ConcurrentHashMap<>();

  /** A store that keeps up to a quarter of the heap. */
  public ImageStore(int size) {
    this(size, Runtime.getRuntime().maxMemory() / 4);
  }

  /**
   * A store.
   *
   * @param size the side of the square, in pixels
   * @param mostBytes how much is kept in memory
   */
  public ImageStore(int size, long mostBytes) {
    if (size < 1) {
      throw new IllegalArgumentException("image store: size " + size + ", expected 1 or more");
    }
    this.size = size;
    this.mostBytes = mostBytes;
  }

  /** The side of the square, in pixels. */
  public int size() {
    return size;
  }

  /** How many bytes are kept. */
  public long bytes() {
    return bytes.get();
  }

  /**
   * An image as a network takes it, (1, 3, size, size) in [0, 1]; grey is repeated.
   *
   * @throws IOException if it cannot be read
   */
  public Tensor image(Path file) throws IOException {
    var values = new float[3 * size * size];
    place(file, View.whole("", false), values, 0);
    return Tensor.of(values, 1, 3, size, size);
  }

  /** Whether the image has one channel. */
  boolean isGrey(Path file) throws IOException {
    return kept(images, file, this::readImage).planes.length == 1;
  }

  /** Writes the image, laid as the view says, as three planes of floats from {@code at} on. */
  void place(Path file, View view, float[] values, int at) throws IOException {
    var kept = kept(images, file, this::readImage);
    float range = Math.max(1e-8f, kept.max - kept.min);
    int area = size * size;
    var upright = new float[area];
    for (int c = 0; c < 3; c++) {
      if (c > 0 && kept.planes.length == 1) {
        System.arraycopy(values, at, values, at + c * area, area);
        continue;
      }
      for (int i = 0; i < area; i++) {
        upright[i] = ((kept.planes[c][i] & 0xff) - kept.min) / range;
      }
      view.orientation().lay(enlarged(upright, view.crop()), size, values, at + c * area);
    }
  }

  /** Writes the mask, laid as the view says, as a plane of floats 0 and 1 from {@code at} on. */
  void placeMask(Path file, View view, float[] values, int at) throws IOException {
    var plane = kept(masks, file, this::readMask).planes[0];
    var upright = new float[size * size];
    boolean whole = view.crop().equals(View.Crop.WHOLE);
    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        int from = whole ? y * size + x : nearest(view.crop(), y, x);
        upright[y * size + x] = plane[from];
      }
    }
    view.orientation().lay(upright, size, values, at);
  }

  private int nearest(View.Crop crop, int y, int x) {
    int row = (int) (crop.top() * size + (y + 0.5) * crop.side());
    int column = (int) (crop.left() * size + (x + 0.5) * crop.side());
    return Math.min(size - 1, row) * size + Math.min(size - 1, column);
  }

  /** The part of the plane at full size, read between pixel centres. */
  private float[] enlarged(float[] plane, View.Crop crop) {
    if (crop.equals(View.Crop.WHOLE)) {
      return plane;
    }
    var out = new float[plane.length];
    for (int y = 0; y < size; y++) {
      double v = clamp(crop.top() * size + (y + 0.5) * crop.side() - 0.5);
      int y0 = (int) v;
      int y1 = Math.min(size - 1, y0 + 1);
      for (int x = 0; x < size; x++) {
        double u = clamp(crop.left() * size + (x + 0.5) * crop.side() - 0.5);
        int x0 = (int) u;
        int x1 = Math.min(size - 1, x0 + 1);
        double above = plane[y0 * size + x0] * (1 - (u - x0)) + plane[y0 * size + x1] * (u - x0);
        double below = plane[y1 * size + x0] * (1 - (u - x0)) + plane[y1 * size + x1] * (u - x0);
        out[y * size + x] = (float) (above * (1 - (v - y0)) + below * (v - y0));
      }
    }
    return out;
  }

  private double clamp(double at) {
    return Math.max(0, Math.min(size - 1, at));
  }

  private Kept kept(Map<Path, Kept> map, Path file, Reader reader) throws IOException {
    var known = map.get(file);
    if (known != null) {
      return known;
    }
    var kept = reader.read(file);
    long cost = (long) kept.planes.length * size * size;
    if (bytes.get() + cost <= mostBytes && map.putIfAbsent(file, kept) == null) {
      bytes.addAndGet(cost);
    }
    return kept;
  }

  private Kept readImage(Path file) throws IOException {
    var raster = Images.read(file);
    var planes = raster.toBytes();
    if (raster.height() == size && raster.width() == size) {
      return new Kept(planes); // a spline through 255 may read 254.999…, which would be truncated
    }
    var values = new double[planes.length][raster.height() * raster.width()];
    for (int c = 0; c < planes.length; c++) {
      for (int i = 0; i < values[c].length; i++) {
        values[c][i] = planes[c][i] & 0xff;
      }
    }
    var resized =
        SplineResize.cubic(
            values, raster.height(), raster.width(), size, size, SplineResize.Boundary.MIRROR);
    var bytes = new byte[planes.length][size * size];
    for (int c = 0; c < planes.length; c++) {
      for (int i = 0; i < bytes[c].length; i++) {
        bytes[c][i] = (byte) (int) resized[c][i];
      }
    }
    return new Kept(bytes);
  }

  private Kept readMask(Path file) throws IOException {
    var mask = Images.readMask(file);
    var shape = mask.shape();
    return new Kept(
        new byte[][] {SplineResize.nearest(mask.toBytes(), shape[0], shape[1], size, size)});
  }
}
