// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import antaboga.Shape;
import antaboga.ShapeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The safetensors format: eight bytes of header length, a JSON header, the arrays without gaps.
 *
 * <p>A file is refused unless every byte of it is accounted for: offsets in range, without gap or
 * overlap, as long as type and shape say, and nothing after the last array. Arrays are read by
 * position rather than mapped, since Java 17 cannot unmap: it costs no second copy, and the file
 * can be replaced. Source: huggingface/safetensors, README, section Format.
 */
final class SafeTensors {
  private static final int LONGEST_HEADER = 2 << 20; // some 20,000 arrays
  private static final int MOST_AXES = 32; // of ND4J
  private static final String METADATA = "__metadata__";
  private static final int ALIGNMENT = 8;

  private record Entry(String name, ElementType type, Shape shape, long begin, long end) {}

  /** The header and the order in which arrays follow it. */
  record Layout(ByteBuffer header, List<String> order) {}

  private SafeTensors() {}

  /** Whether a file that starts so means to be safetensors. */
  static boolean starts(ByteBuffer start) {
    return start.limit() > 8
        && start.get(8) == '{'
        && start.getLong(0) >= 0
        && start.getLong(0) < 1L << 40;
  }

  static Checkpoint open(OpenedFile file) throws IOException {
    var path = file.path();
    var header = header(file);
    long data = 8L + header.length;
    var metadata = new LinkedHashMap<String, String>();
    var entries = new ArrayList<Entry>();
    for (var field : parse(path, header).entrySet()) {
      if (field.getKey().equals(METADATA)) {
        metadata.putAll(metadata(path, field.getValue()));
      } else {
        entries.add(entry(path, field.getKey(), field.getValue()));
      }
    }
    requireNoGaps(path, entries, file.size() - data);
    var arrays = new LinkedHashMap<String, StoredArray>();
    for (var e : entries) {
      StoredArray.Source source =
          () -> {
            try (var channel = file.channel()) {
              return ArrayBytes.read(channel, data + e.begin(), e.type(), e.shape());
            }
          };
      arrays.put(e.name(), new StoredArray(e.type(), e.shape(), source));
    }
    return new Checkpoint(path.toString(), arrays, metadata);
  }

  private static byte[] header(OpenedFile file) throws IOException {
    try (var channel = file.channel()) {
      var length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      ArrayBytes.readFully(channel, 0, length);
      long bytes = length.getLong(0);
      if (bytes < 2 || bytes > file.size() - 8) {
        throw new FormatException(
            file.path(),
            "header length",
            Long.toUnsignedString(bytes) + " in a file of " + file.size() + " bytes; is it cut?");
      }
      if (bytes > LONGEST_HEADER) {
        throw new FormatException(
            file.path(), "header length", bytes + ", expected at most " + LONGEST_HEADER);
      }
      var header = ByteBuffer.allocate((int) bytes);
      ArrayBytes.readFully(channel, 8, header);
      return header.array();
    }
  }

  private static Map<?, ?> parse(Path path, byte[] header) throws FormatException {
    try {
      var text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(header)).toString();
      if (text.startsWith("{") && Json.read(text) instanceof Map<?, ?> object) {
        return object;
      }
      throw new FormatException(path, "header", "is not an object");
    } catch (CharacterCodingException e) {
      throw new FormatException(path, "header", "is not UTF-8");
    } catch (Json.SyntaxException e) {
      throw new FormatException(path, "header", String.valueOf(e.getMessage()));
    }
  }

  private static Map<String, String> metadata(Path path, Object value) throws FormatException {
    if (!(value instanceof Map<?, ?> map)) {
      throw new FormatException(path, METADATA, "is not an object");
    }
    var metadata = new LinkedHashMap<String, String>();
    for (var e : map.entrySet()) {
      if (!(e.getValue() instanceof String text)) {
        throw new FormatException(path, METADATA, "value of " + e.getKey() + " is not a string");
      }
      metadata.put((String) e.getKey(), text);
    }
    return metadata;
  }

  private static Entry entry(Path path, Object key, Object value) throws FormatException {
    var name = (String) key;
    if (!(value instanceof Map<?, ?> fields)
        || fields.size() != 3
        || !(fields.get("dtype") instanceof String dtype)
        || !(fields.get("shape") instanceof List<?> sizes)
        || !(fields.get("data_offsets") instanceof List<?> offsets)) {
      throw new FormatException(path, name, "needs dtype, shape and data_offsets, and no more");
    }
    var type = type(path, name, dtype);
    var shape = shape(path, name, sizes);
    if (offsets.size() != 2
        || !(offsets.get(0) instanceof Long begin)
        || !(offsets.get(1) instanceof Long end)
        || begin < 0
        || end < begin) {
      throw new FormatException(path, name, "data_offsets " + offsets + ", expected begin, end");
    }
    long elements = shape.elements();
    if (elements > (end - begin) / type.bytes() || elements * type.bytes() != end - begin) {
      throw new FormatException(
          path, name, shape + " of " + type + " does not fill " + (end - begin) + " bytes");
    }
    return new Entry(name, type, shape, begin, end);
  }

  private static ElementType type(Path path, String name, String dtype) throws FormatException {
    for (var type : ElementType.values()) {
      if (type.name().equals(dtype)) {
        return type;
      }
    }
    throw new FormatException(
        path, name, "element type " + dtype + ", expected one of " + List.of(ElementType.values()));
  }

  private static Shape shape(Path path, String name, List<?> sizes) throws FormatException {
    if (sizes.size() > MOST_AXES) {
      throw new FormatException(path, name, sizes.size() + " axes, expected at most " + MOST_AXES);
    }
    var shape = new long[sizes.size()];
    for (int i = 0; i < shape.length; i++) {
      if (!(sizes.get(i) instanceof Long size)) {
        throw new FormatException(path, name, "shape " + sizes + " is not of integers");
      }
      shape[i] = size;
    }
    try {
      return Shape.of(shape);
    } catch (ShapeException e) {
      throw new FormatException(path, name, String.valueOf(e.getMessage()));
    }
  }

  private static void requireNoGaps(Path path, List<Entry> entries, long bytes)
      throws FormatException {
    var sorted = new ArrayList<>(entries);
    sorted.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    long at = 0;
    for (var e : sorted) {
      if (e.begin() != at) {
        throw new FormatException(
            path, e.name(), "begins at " + e.begin() + ", where " + at + " is next");
      }
      at = e.end();
      if (at > bytes) {
        throw new FormatException(
            path, e.name(), "ends at " + at + " of " + bytes + " bytes of data; is it cut?");
      }
    }
    if (at != bytes) {
      throw new FormatException(path, "data", (bytes - at) + " bytes belong to no array");
    }
  }

  /** Where everything goes: larger elements first, so that each array is aligned to its own. */
  static Layout layout(Checkpoint checkpoint) {
    var order = new ArrayList<>(checkpoint.names());
    order.sort(Comparator.comparingInt(name -> -written(checkpoint, name).bytes()));
    var begin = new LinkedHashMap<String, Long>();
    long at = 0;
    for (var name : order) {
      begin.put(name, at);
      at = Math.addExact(at, bytes(checkpoint, name));
    }
    var json = new StringBuilder("{");
    if (!checkpoint.metadata().isEmpty()) {
      json.append(Json.quoted(METADATA)).append(":{");
      new TreeMap<>(checkpoint.metadata())
          .forEach(
              (k, v) -> json.append(Json.quoted(k)).append(':').append(Json.quoted(v)).append(','));
      json.setCharAt(json.length() - 1, '}');
      json.append(',');
    }
    for (var name : checkpoint.names()) {
      if (name.equals(METADATA)) {
        throw new IllegalArgumentException("no array can be named " + METADATA);
      }
      long from = begin.getOrDefault(name, 0L);
      json.append(Json.quoted(name))
          .append(":{\"dtype\":\"")
          .append(written(checkpoint, name))
          .append("\",\"shape\":")
          .append(java.util.Arrays.toString(checkpoint.shape(name).toArray()).replace(" ", ""))
          .append(",\"data_offsets\":[")
          .append(from)
          .append(',')
          .append(from + bytes(checkpoint, name))
          .append("]},");
    }
    if (json.length() > 1) {
      json.setLength(json.length() - 1);
    }
    return new Layout(framed(json.append('}').toString()), order);
  }

  private static ByteBuffer framed(String json) {
    try {
      var text = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(json));
      int length = (text.remaining() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
      if (length > LONGEST_HEADER) {
        throw new IllegalArgumentException(
            "names and metadata take " + length + " bytes, expected at most " + LONGEST_HEADER);
      }
      var framed = ByteBuffer.allocate(8 + length).order(ByteOrder.LITTLE_ENDIAN);
      framed.putLong(length).put(text);
      while (framed.hasRemaining()) {
        framed.put((byte) ' ');
      }
      return framed.flip();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("a name or the metadata is not Unicode", e);
    }
  }

  static void write(FileChannel file, Layout layout, Checkpoint checkpoint) throws IOException {
    var header = layout.header().duplicate();
    while (header.hasRemaining()) {
      file.write(header);
    }
    for (var name : layout.order()) {
      ArrayBytes.write(file, checkpoint.get(name));
    }
  }

  private static ElementType written(Checkpoint checkpoint, String name) {
    return ElementType.of(checkpoint.type(name).loaded());
  }

  private static long bytes(Checkpoint checkpoint, String name) {
    return Math.multiplyExact(
        checkpoint.shape(name).elements(), (long) written(checkpoint, name).bytes());
  }
}
