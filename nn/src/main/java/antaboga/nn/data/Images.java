// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import antaboga.io.WholeFile;
import antaboga.nn.metric.Region;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Image files: PNG, JPEG, TIFF (its first page), BMP and GIF, grey or colour, with or without alpha
 * (which is dropped), up to 16 bits. Sizes are checked before anything is decoded, so that a small
 * file cannot ask for all memory. Pixels come as they are stored, see {@link ImageHeader}.
 */
public final class Images {
  /** The endings that are taken for images. */
  static final Set<String> ENDINGS = Set.of("png", "jpg", "jpeg", "tif", "tiff", "bmp", "gif");

  /** The largest image that is decoded unless a call says otherwise: 100 million pixels. */
  public static final long MOST_PIXELS = 100_000_000;

  private static final Map<Integer, String> TYPES =
      Map.of(
          DataBuffer.TYPE_BYTE, "bytes",
          DataBuffer.TYPE_USHORT, "16 bits",
          DataBuffer.TYPE_SHORT, "16 bits with a sign",
          DataBuffer.TYPE_INT, "32 bits",
          DataBuffer.TYPE_FLOAT, "floats",
          DataBuffer.TYPE_DOUBLE, "doubles");

  private static final long MOST_OVERHEAD = 16L << 20; // profiles, comments, previews
  private static final long DEFLATED = 1032; // bytes that a byte of deflate gives at most
  private static final long JPEG_PIXELS = 512; // of a byte: a block of 64 takes a bit or more

  private Images() {}

  /** Whether the file's ending is one of those that can be read. */
  public static boolean isImage(Path file) {
    var name = file.getFileName().toString();
    int dot = name.lastIndexOf('.');
    return dot > 0 && ENDINGS.contains(name.substring(dot + 1).toLowerCase(Locale.ROOT));
  }

  /**
   * Reads an image of at most {@link #MOST_PIXELS}.
   *
   * @throws IOException naming the file, if it is missing, broken, too large or of a kind that is
   *     not read
   */
  public static Raster read(Path file) throws IOException {
    return read(file, MOST_PIXELS);
  }

  /** Reads an image of at most so many pixels; see {@link #read(Path)}. */
  public static Raster read(Path file, long mostPixels) throws IOException {
    var header = check(file, mostPixels);
    BufferedImage image;
    try {
      image = decode(Files.readAllBytes(file), header);
    } catch (IOException | RuntimeException e) { // decoders fail in many ways on broken files
      throw new IOException(
          "%s: cannot decode the %s image (%s); replace or remove it"
              .formatted(file, header.format(), ImageHeader.why(e)),
          e);
    }
    return raster(file, image);
  }

  /**
   * Checks what can be known without decoding: that the file is an image of at most {@link
   * #MOST_PIXELS}, and that a PNG or JPEG has arrived whole.
   *
   * @throws IOException naming the file and the remedy
   */
  public static ImageHeader check(Path file) throws IOException {
    return check(file, MOST_PIXELS);
  }

  private static ImageHeader check(Path file, long mostPixels) throws IOException {
    var header = ImageHeader.read(file);
    long pixels = (long) header.width() * header.height();
    if (pixels > mostPixels) {
      throw new IOException(
          "%s: %s image of %d x %d pixels, expected at most %d pixels; scale it down or cut it"
              .formatted(file, header.format(), header.width(), header.height(), mostPixels));
    }
    requireChannels(file, header);
    requireHeap(file, header, pixels);
    long size = Files.size(file);
    if (pixels > most(header, size)) {
      throw new IOException(
          "%s: not a whole image (%d bytes cannot hold %d x %d pixels); replace or remove it"
              .formatted(file, size, header.width(), header.height()));
    }
    if (size > MOST_OVERHEAD + 8 * pixels) { // four channels of 16 bits, not compressed
      throw new IOException(
          "%s: %d bytes for a %s image of %d x %d pixels; write it anew without what else it holds"
              .formatted(file, size, header.format(), header.width(), header.height()));
    }
    try {
      Wholeness.check(file, header.format());
    } catch (IOException e) {
      throw ImageHeader.notWhole(file, e);
    }
    return header;
  }

  private static void requireChannels(Path file, ImageHeader header) throws IOException {
    boolean separation = header.format().equals("JPEG") && header.channels() > 3;
    if (separation
        || header.channels() < 1
        || header.channels() > 4
        || header.bits() < 1
        || header.bits() > 16) {
      throw new IOException(
          "%s: %s image of %d channels of %d bits%s, expected grey or RGB of at most 16 bits;"
                  .formatted(
                      file,
                      header.format(),
                      header.channels(),
                      header.bits(),
                      separation ? " (CMYK)" : "")
              + " convert it");
    }
  }

  // decoded once by ImageIO and once as a raster
  private static void requireHeap(Path file, ImageHeader header, long pixels) throws IOException {
    long bytes = pixels * header.channels() * ((header.bits() + 7) / 8 + Short.BYTES);
    long heap = Runtime.getRuntime().maxMemory();
    if (bytes > heap) {
      throw new IOException(
          "%s: %s image of %d x %d pixels needs %d MB, Java's heap has %d; raise -Xmx or scale it"
                  .formatted(
                      file,
                      header.format(),
                      header.width(),
                      header.height(),
                      bytes >> 20,
                      heap >> 20)
              + " down");
    }
  }

  /** How many pixels a file of so many bytes can hold, however well it is compressed. */
  private static long most(ImageHeader header, long size) {
    return switch (header.format()) {
      case "PNG" -> size * DEFLATED * 8 / ((long) header.channels() * header.bits());
      case "JPEG" -> size * JPEG_PIXELS;
      default -> Long.MAX_VALUE;
    };
  }

  private static BufferedImage decode(byte[] bytes, ImageHeader header) throws IOException {
    try (var stream = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
      var readers = ImageIO.getImageReadersByFormatName(header.format());
      if (!readers.hasNext()) {
        throw new IOException("no reader for this format");
      }
      ImageReader reader = readers.next();
      try {
        reader.setInput(stream, true, true);
        if ((long) reader.getWidth(0) * reader.getHeight(0)
            != (long) header.width() * header.height()) {
          throw new IOException("its parts differ in size");
        }
        return reader.read(0);
      } finally {
        reader.dispose();
      }
    }
  }

  private static Raster raster(Path file, BufferedImage image) throws IOException {
    int height = image.getHeight();
    int width = image.getWidth();
    if (image.getColorModel() instanceof IndexColorModel palette) {
      return indexed(image, palette);
    }
    var pixels = image.getRaster();
    int type = pixels.getDataBuffer().getDataType();
    int channels = pixels.getNumBands() - (image.getColorModel().hasAlpha() ? 1 : 0);
    boolean integral =
        type == DataBuffer.TYPE_BYTE
            || type == DataBuffer.TYPE_USHORT
            || (type == DataBuffer.TYPE_INT && pixels.getSampleModel().getSampleSize(0) <= 8);
    if (!integral || (channels != 1 && channels != 3)) {
      throw new IOException(
          "%s: %d channels of %s, expected grey or RGB of 8 or 16 bits without sign; convert it"
              .formatted(file, channels, TYPES.getOrDefault(type, "an unknown type")));
    }
    int size = pixels.getSampleModel().getSampleSize(0);
    var planes = new short[channels][height * width];
    var row = new int[width];
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < height; y++) {
        pixels.getSamples(0, y, width, 1, c, row);
        for (int x = 0; x < width; x++) {
          // fewer than 8 bits are stretched to 8
          planes[c][y * width + x] = (short) (size < 8 ? row[x] * 255 / ((1 << size) - 1) : row[x]);
        }
      }
    }
    return Raster.owning(height, width, size > 8 ? 16 : 8, planes);
  }

  private static Raster indexed(BufferedImage image, IndexColorModel palette) {
    int height = image.getHeight();
    int width = image.getWidth();
    boolean grey = true;
    for (int i = 0; i < palette.getMapSize(); i++) {
      grey &= palette.getRed(i) == palette.getGreen(i) && palette.getRed(i) == palette.getBlue(i);
    }
    var planes = new short[grey ? 1 : 3][height * width];
    var row = new int[width];
    for (int y = 0; y < height; y++) {
      image.getRaster().getSamples(0, y, width, 1, 0, row);
      for (int x = 0; x < width; x++) {
        int at = y * width + x;
        planes[0][at] = (short) palette.getRed(row[x]);
        if (!grey) {
          planes[1][at] = (short) palette.getGreen(row[x]);
          planes[2][at] = (short) palette.getBlue(row[x]);
        }
      }
    }
    return Raster.owning(height, width, 8, planes);
  }

  /**
   * Reads a mask at its own size (H, W): what reaches half of the largest possible value or, where
   * nothing does, what is not 0.
   *
   * @throws IOException as {@link #read(Path)}
   */
  public static Region readMask(Path file) throws IOException {
    var raster = read(file);
    boolean lossy = ImageHeader.read(file).format().equals("JPEG");
    return Region.of(raster.toMask(lossy), raster.height(), raster.width());
  }

  /**
   * Writes a mask (H, W) as a grey PNG of 0 and 255; a file that is there already is replaced as a
   * whole.
   *
   * @throws IOException naming the file
   */
  public static void writeMask(Path file, Region mask) throws IOException {
    var shape = mask.shape();
    var bytes = mask.toBytes();
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) -bytes[i];
    }
    write(file, shape[0], shape[1], bytes);
  }

  /**
   * Writes an image of 8 bits as PNG: grey from one plane, colour from three.
   *
   * @throws IOException naming the file
   */
  public static void write(Path file, int height, int width, byte[]... planes) throws IOException {
    int type = planes.length == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_3BYTE_BGR;
    var image = new BufferedImage(width, height, type);
    var row = new int[width];
    for (int c = 0; c < planes.length; c++) {
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          row[x] = planes[c][y * width + x] & 0xff;
        }
        image.getRaster().setSamples(0, y, width, 1, c, row);
      }
    }
    var bytes = new ByteArrayOutputStream();
    // by default ImageIO would put what it writes into a temporary file first
    try (var stream = new MemoryCacheImageOutputStream(bytes)) {
      if (!ImageIO.write(image, "png", stream)) {
        throw new IOException(file + ": this Java cannot write PNG");
      }
    }
    replace(file, bytes.toByteArray());
  }

  /** Writes a file in place of another as a whole, in a folder that is made if need be. */
  static void replace(Path file, byte[] bytes) throws IOException {
    var folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    WholeFile.replace(file, bytes);
  }
}
