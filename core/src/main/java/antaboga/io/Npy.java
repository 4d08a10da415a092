// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import antaboga.Shape;
import antaboga.ShapeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Arrays in NumPy's file format, versions 1.0 to 3.0.
 *
 * <p>Read are little-endian floats of 4 and 8 bytes, signed integers of 1, 2, 4 and 8, unsigned
 * bytes and booleans, in C or Fortran order; written is version 1.0 in C order. Source: NumPy
 * enhancement proposal 1 and the documentation of {@code numpy.lib.format}.
 */
public final class Npy {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int LONGEST_HEADER = 1 << 16; // NumPy itself refuses more than 10,000
  private static final int ALIGNMENT = 64;

  private static final Map<String, ElementType> TYPES =
      Map.of(
          "<f8", ElementType.F64,
          "<f4", ElementType.F32,
          "<i8", ElementType.I64,
          "<i4", ElementType.I32,
          "<i2", ElementType.I16,
          "|i1", ElementType.I8,
          "|u1", ElementType.U8,
          "|b1", ElementType.BOOL);

  private static final Pattern ENTRY =
      Pattern.compile(
          "\\s*(?:'(?<descr>descr)'\\s*:\\s*'(?<type>[^']*)'"
              + "|'(?<order>fortran_order)'\\s*:\\s*(?<fortran>True|False)"
              + "|'(?<shape>shape)'\\s*:\\s*\\((?<sizes>[\\d\\s,]*)\\))\\s*");

  private record Header(ElementType type, boolean fortran, Shape shape, long end) {}

  private Npy() {}

  /**
   * Reads a whole file into a dense row-major array.
   *
   * @throws FormatException if the file is no npy file, is longer or shorter than its header says,
   *     or has another element type; nothing is allocated before that is known
   */
  public static INDArray read(Path path) throws IOException {
    try (var file = FileChannel.open(path, StandardOpenOption.READ)) {
      var header = header(path, file);
      if (!header.fortran()) {
        return ArrayBytes.read(file, header.end(), header.type(), header.shape());
      }
      int rank = header.shape().rank();
      var reversed = IntStream.range(0, rank).map(i -> rank - 1 - i).toArray();
      var sizes = header.shape().toArray();
      var transposed = IntStream.of(reversed).mapToLong(i -> sizes[i]).toArray();
      var array = ArrayBytes.read(file, header.end(), header.type(), Shape.of(transposed));
      return rank < 2 ? array : array.permute(reversed).dup('c');
    }
  }

  /**
   * Writes an array, replacing the file as a whole or not at all.
   *
   * @throws IllegalArgumentException if the format has no such element type
   */
  public static void write(Path path, INDArray array) throws IOException {
    var type = ElementType.of(array.dataType());
    var descr =
        TYPES.entrySet().stream()
            .filter(e -> e.getValue() == type)
            .map(Map.Entry::getKey)
            .findFirst()
            .orElseThrow();
    var shape = LongStream.of(array.shape()).mapToObj(n -> n + ", ").reduce("", String::concat);
    var sizes = array.rank() == 1 ? shape.strip() : shape.replaceFirst(", $", "");
    var text = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" + sizes + "), }";
    int unpadded = MAGIC.length + 4 + text.length() + 1;
    var header = text + " ".repeat((ALIGNMENT - unpadded % ALIGNMENT) % ALIGNMENT) + "\n";
    var bytes =
        ByteBuffer.allocate(MAGIC.length + 4 + header.length())
            .order(ByteOrder.LITTLE_ENDIAN)
            .put(MAGIC)
            .put((byte) 1)
            .put((byte) 0)
            .putShort((short) header.length())
            .put(header.getBytes(StandardCharsets.US_ASCII))
            .flip();
    WholeFile.replace(
        path,
        file -> {
          while (bytes.hasRemaining()) {
            file.write(bytes);
          }
          ArrayBytes.write(file, array);
        });
  }

  private static Header header(Path path, FileChannel file) throws IOException {
    var start = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    if (file.size() < start.capacity()) {
      throw new FormatException(path, "size", file.size() + " bytes, too few for an npy file");
    }
    ArrayBytes.readFully(file, 0, start);
    start.flip();
    for (byte expected : MAGIC) {
      if (start.get() != expected) {
        throw new FormatException(path, "magic", "does not start with \\x93NUMPY");
      }
    }
    int major = start.get();
    int minor = start.get();
    if (major < 1 || major > 3 || minor != 0) {
      throw new FormatException(
          path, "version", major + "." + minor + ", expected 1.0, 2.0 or 3.0");
    }
    int from = major == 1 ? 10 : 12;
    long length = major == 1 ? start.getShort() & 0xffffL : start.getInt() & 0xffffffffL;
    if (length > LONGEST_HEADER || length > file.size() - from) {
      throw new FormatException(path, "header", length + " bytes long, more than there can be");
    }
    var text = ByteBuffer.allocate((int) length);
    ArrayBytes.readFully(file, from, text);
    return parse(
        path, new String(text.array(), StandardCharsets.UTF_8), from + length, file.size());
  }

  private static Header parse(Path path, String text, long end, long fileSize)
      throws FormatException {
    var dict = text.strip();
    if (!dict.startsWith("{") || !dict.endsWith("}")) {
      throw new FormatException(path, "header", "is not a dictionary");
    }
    String descr = null;
    String order = null;
    String sizes = null;
    var entry = ENTRY.matcher(dict);
    int at = 1;
    while (at < dict.length() - 1 && !dict.substring(at, dict.length() - 1).isBlank()) {
      if (!entry.find(at) || entry.start() != at) {
        throw new FormatException(path, "header", "cannot be read from '" + rest(dict, at) + "'");
      }
      descr = once(path, descr, entry, "descr", "type");
      order = once(path, order, entry, "order", "fortran");
      sizes = once(path, sizes, entry, "shape", "sizes");
      at = entry.end();
      if (at < dict.length() - 1 && dict.charAt(at++) != ',') {
        throw new FormatException(path, "header", "has no comma before '" + rest(dict, at) + "'");
      }
    }
    if (descr == null || order == null || sizes == null) {
      throw new FormatException(path, "header", "needs descr, fortran_order and shape: " + dict);
    }
    var type = TYPES.get(descr);
    if (type == null) {
      throw new FormatException(
          path, "descr", "element type '" + descr + "', expected one of " + types());
    }
    var shape = shape(path, sizes);
    long expected = shape.elements() > fileSize ? -1 : shape.elements() * type.bytes();
    if (expected != fileSize - end) {
      throw new FormatException(
          path,
          "shape",
          shape + " of " + type + " does not fill the " + (fileSize - end) + " bytes of data");
    }
    return new Header(type, order.equals("True"), shape, end);
  }

  private static @Nullable String once(
      Path path, @Nullable String old, Matcher entry, String key, String value)
      throws FormatException {
    if (entry.group(key) == null) {
      return old;
    }
    if (old != null) {
      throw new FormatException(path, "header", "has '" + entry.group(key) + "' twice");
    }
    return entry.group(value);
  }

  private static Shape shape(Path path, String sizes) throws FormatException {
    try {
      var text = sizes.strip();
      if (text.isEmpty()) {
        return Shape.of();
      }
      var inner = text.endsWith(",") ? text.substring(0, text.length() - 1) : text;
      return Shape.of(
          Stream.of(inner.split(",", -1)).map(String::strip).mapToLong(Long::parseLong).toArray());
    } catch (NumberFormatException | ShapeException e) {
      throw new FormatException(path, "shape", "(" + sizes + ") is not a shape");
    }
  }

  private static String types() {
    return String.join(" ", new TreeSet<>(TYPES.keySet()));
  }

  private static String rest(String text, int at) {
    return text.substring(at, Math.min(text.length(), at + 40));
  }
}
