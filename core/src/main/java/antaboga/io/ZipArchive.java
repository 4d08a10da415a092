// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * The records of a zip file, stored or deflated, found through its central directory.
 *
 * <p>The JDK's own reader does not say where a stored record lies in the file, without which every
 * array would pass through the heap on its way into ND4J's memory. Source: PKWARE's APPNOTE 6.3.10,
 * sections 4.3 and 4.5.3.
 */
final class ZipArchive {
  /** One record; {@code header} is where its local header begins. */
  record Entry(String name, boolean deflated, long packed, long size, long crc, long header) {}

  /** What is done with the bytes of a record. */
  interface Use<T> {
    T of(ByteSource bytes) throws IOException;
  }

  private static final int END = 0x06054b50;
  private static final int END_64_LOCATOR = 0x07064b50;
  private static final int END_64 = 0x06064b50;
  private static final int CENTRAL = 0x02014b50;
  private static final int LOCAL = 0x04034b50;
  private static final int END_SIZE = 22;
  private static final int END_64_LOCATOR_SIZE = 20;
  private static final int END_64_SIZE = 56;
  private static final int CENTRAL_SIZE = 46;
  private static final int LOCAL_SIZE = 30;
  private static final long IN_ZIP_64 = 0xffffffffL;
  private static final int LONGEST_DIRECTORY = 2 << 20; // some 25,000 records
  private static final int ENCRYPTED = 1;
  private static final int DEFLATED = 8;
  // weights hardly shrink; whole pages of zeros do, so small records may
  private static final int MOST_INFLATION = 64;
  private static final long ALWAYS_INFLATED = 1 << 20; // of one record
  private static final long ALWAYS_INFLATED_IN_ALL = 16 << 20;

  private final OpenedFile file;
  private final long directory;
  private final Map<String, Entry> entries;

  private ZipArchive(OpenedFile file, long directory, Map<String, Entry> entries) {
    this.file = file;
    this.directory = directory;
    this.entries = Collections.unmodifiableMap(entries);
  }

  static ZipArchive open(OpenedFile file) throws IOException {
    try (var channel = file.channel()) {
      return directory(file, channel);
    }
  }

  /** The records by name, in the directory's order. */
  Map<String, Entry> entries() {
    return entries;
  }

  /**
   * Opens a record for the time of its use. If all of it is read in order, its checksum is
   * verified.
   */
  <T> T read(Entry entry, Use<T> use) throws IOException {
    try (var channel = file.channel()) {
      long start = start(channel, entry);
      if (!entry.deflated()) {
        var bytes =
            new Checked(
                (at, into) -> ArrayBytes.readFully(channel, start + at, into), entry.size());
        var result = use.of(bytes);
        bytes.verify(entry);
        return result;
      }
      try (var inflated = new Inflated(channel, start, entry)) {
        var bytes = new Checked(inflated, entry.size());
        var result = use.of(bytes);
        if (bytes.verify(entry)) {
          inflated.requireEnd();
        }
        return result;
      }
    }
  }

  /** All of a record, if it is no longer than that. */
  byte[] read(Entry entry, int most) throws IOException {
    if (entry.size() > most) {
      throw wrong(entry.name(), entry.size() + " bytes, expected at most " + most);
    }
    var bytes = ByteBuffer.allocate((int) entry.size());
    return read(
        entry,
        source -> {
          source.read(0, bytes);
          return bytes.array();
        });
  }

  private static ZipArchive directory(OpenedFile file, FileChannel channel) throws IOException {
    long end = end(file, channel);
    var tail = at(channel, end, END_SIZE);
    long count = tail.getShort(10) & 0xffffL;
    long length = tail.getInt(12) & 0xffffffffL;
    long begin = tail.getInt(16) & 0xffffffffL;
    if (count == 0xffff || length == IN_ZIP_64 || begin == IN_ZIP_64) {
      var tail64 = end64(file, channel, end);
      count = tail64.getLong(32);
      length = tail64.getLong(40);
      begin = tail64.getLong(48);
    }
    if (length < 0 || length > LONGEST_DIRECTORY || begin < 0 || begin > end - length) {
      throw new FormatException(
          file.path(), "zip directory", length + " bytes at " + begin + " cannot be");
    }
    var entries = new LinkedHashMap<String, Entry>();
    var bytes = at(channel, begin, (int) length);
    while (bytes.hasRemaining()) {
      var entry = entry(file, bytes);
      if (entries.put(entry.name(), entry) != null) {
        throw new FormatException(file.path(), entry.name(), "comes twice in the zip directory");
      }
    }
    if (entries.size() != count) {
      throw new FormatException(
          file.path(), "zip directory", entries.size() + " records, expected " + count);
    }
    requireNoOverlap(file, entries, begin);
    return new ZipArchive(file, begin, entries);
  }

  // the end record is the last thing in the file but for a comment whose length it states
  private static long end(OpenedFile file, FileChannel channel) throws IOException {
    long from = Math.max(0, file.size() - END_SIZE - 0xffff);
    var tail = at(channel, from, (int) (file.size() - from));
    for (int i = tail.limit() - END_SIZE; i >= 0; i--) {
      if (tail.getInt(i) == END
          && (tail.getShort(i + 20) & 0xffff) == tail.limit() - i - END_SIZE) {
        return from + i;
      }
    }
    throw new FormatException(file.path(), "zip directory", "is missing; the file is cut");
  }

  private static ByteBuffer end64(OpenedFile file, FileChannel channel, long end)
      throws IOException {
    if (end >= END_64_LOCATOR_SIZE) {
      var locator = at(channel, end - END_64_LOCATOR_SIZE, END_64_LOCATOR_SIZE);
      long position = locator.getLong(8);
      if (locator.getInt(0) == END_64_LOCATOR
          && position >= 0
          && position <= end - END_64_LOCATOR_SIZE - END_64_SIZE) {
        var tail = at(channel, position, END_64_SIZE);
        if (tail.getInt(0) == END_64) {
          return tail;
        }
      }
    }
    throw new FormatException(file.path(), "zip directory", "its 64-bit part is missing");
  }

  private static Entry entry(OpenedFile file, ByteBuffer bytes) throws FormatException {
    int at = bytes.position();
    if (bytes.remaining() < CENTRAL_SIZE || bytes.getInt(at) != CENTRAL) {
      throw new FormatException(file.path(), "zip directory", "is damaged at its byte " + at);
    }
    int nameLength = bytes.getShort(at + 28) & 0xffff;
    int extraLength = bytes.getShort(at + 30) & 0xffff;
    int whole = CENTRAL_SIZE + nameLength + extraLength + (bytes.getShort(at + 32) & 0xffff);
    if (whole > bytes.remaining()) {
      throw new FormatException(file.path(), "zip directory", "is cut at its byte " + at);
    }
    var name = new byte[nameLength];
    bytes.get(at + CENTRAL_SIZE, name);
    var text = new String(name, StandardCharsets.UTF_8);
    int flags = bytes.getShort(at + 8);
    int method = bytes.getShort(at + 10);
    if ((flags & ENCRYPTED) != 0 || (method != 0 && method != DEFLATED)) {
      throw new FormatException(
          file.path(), text, "is encrypted, or packed by method " + method + ", expected 0 or 8");
    }
    long crc = bytes.getInt(at + 16) & 0xffffffffL;
    long[] wide = {
      bytes.getInt(at + 24) & 0xffffffffL, // size, packed, header: the order of the 64-bit field
      bytes.getInt(at + 20) & 0xffffffffL,
      bytes.getInt(at + 42) & 0xffffffffL
    };
    widen(bytes.slice(at + CENTRAL_SIZE + nameLength, extraLength), wide);
    bytes.position(at + whole);
    var entry = new Entry(text, method == DEFLATED, wide[1], wide[0], crc, wide[2]);
    requireSane(file, entry);
    return entry;
  }

  // header id 1 of the extra field has those of the three numbers that do not fit 32 bits
  private static void widen(ByteBuffer unordered, long[] wide) {
    var extra = unordered.order(ByteOrder.LITTLE_ENDIAN);
    while (extra.remaining() >= 4) {
      int id = extra.getShort() & 0xffff;
      int length = Math.min(extra.getShort() & 0xffff, extra.remaining());
      int next = extra.position() + length;
      if (id == 1) {
        for (int i = 0; i < wide.length; i++) {
          if (wide[i] == IN_ZIP_64 && next - extra.position() >= 8) {
            wide[i] = extra.getLong();
          }
        }
      }
      extra.position(next);
    }
  }

  private static void requireSane(OpenedFile file, Entry e) throws FormatException {
    boolean inFile =
        e.packed() >= 0
            && e.packed() <= file.size()
            && e.header() >= 0
            && e.header() <= file.size();
    boolean likely =
        e.deflated()
            ? e.size() >= 0 && e.size() - ALWAYS_INFLATED <= MOST_INFLATION * e.packed()
            : e.size() == e.packed();
    if (!inFile || !likely) {
      throw new FormatException(
          file.path(),
          e.name(),
          e.size() + " bytes packed as " + e.packed() + " at " + e.header() + " cannot be");
    }
  }

  private static void requireNoOverlap(OpenedFile file, Map<String, Entry> entries, long directory)
      throws FormatException {
    var sorted = new ArrayList<>(entries.values());
    sorted.sort(Comparator.comparingLong(Entry::header));
    long free = 0;
    long inflated = 0;
    for (var e : sorted) {
      inflated += e.deflated() ? e.size() : 0;
      if (e.header() < free) {
        throw new FormatException(file.path(), e.name(), "overlaps the record before it");
      }
      free = e.header() + LOCAL_SIZE + e.packed();
    }
    if ((inflated - ALWAYS_INFLATED_IN_ALL) / MOST_INFLATION > file.size()) {
      throw new FormatException(
          file.path(), "zip directory", inflated + " bytes packed into " + file.size());
    }
    if (free > directory) {
      throw new FormatException(file.path(), "zip directory", "overlaps the last record");
    }
  }

  private long start(FileChannel channel, Entry entry) throws IOException {
    var local = at(channel, entry.header(), LOCAL_SIZE);
    int nameLength = local.getShort(26) & 0xffff;
    long start = entry.header() + LOCAL_SIZE + nameLength + (local.getShort(28) & 0xffff);
    if (local.getInt(0) != LOCAL || start + entry.packed() > directory) {
      throw wrong(entry.name(), "its header is damaged");
    }
    var name = new byte[nameLength];
    ArrayBytes.readFully(channel, entry.header() + LOCAL_SIZE, ByteBuffer.wrap(name));
    if (!new String(name, StandardCharsets.UTF_8).equals(entry.name())) {
      throw wrong(entry.name(), "has another name in its own header");
    }
    return start;
  }

  private static ByteBuffer at(FileChannel channel, long position, int length) throws IOException {
    var bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    ArrayBytes.readFully(channel, position, bytes);
    return bytes.flip();
  }

  private FormatException wrong(String field, String problem) {
    return new FormatException(file.path(), field, problem);
  }

  /** Sums what is read in order, and keeps readers within the record. */
  private final class Checked implements ByteSource {
    private final ByteSource bytes;
    private final long size;
    private final CRC32 crc = new CRC32();
    private long seen;

    Checked(ByteSource bytes, long size) {
      this.bytes = bytes;
      this.size = size;
    }

    @Override
    public void read(long position, ByteBuffer into) throws IOException {
      if (into.remaining() > size - position) {
        throw wrong("zip record", into.remaining() + " bytes at " + position + " of " + size);
      }
      var filled = into.duplicate();
      int length = into.remaining();
      bytes.read(position, into);
      if (position == seen) {
        crc.update(filled);
        seen += length;
      }
    }

    /** Whether all was read; then its checksum is right. */
    boolean verify(Entry entry) throws FormatException {
      boolean whole = seen == entry.size();
      if (whole && crc.getValue() != entry.crc()) {
        throw wrong(entry.name(), "its checksum differs; the file is damaged");
      }
      return whole;
    }
  }

  /** Inflates forward as far as it is read. */
  private final class Inflated implements ByteSource, AutoCloseable {
    private final FileChannel channel;
    private final Entry entry;
    private final Inflater inflater = new Inflater(true);
    private final ByteBuffer packed = ByteBuffer.allocateDirect(1 << 16);
    private long next;
    private long remaining;
    private long position;

    Inflated(FileChannel channel, long start, Entry entry) {
      this.channel = channel;
      this.entry = entry;
      this.next = start;
      this.remaining = entry.packed();
    }

    @Override
    public void read(long from, ByteBuffer into) throws IOException {
      if (from < position) {
        throw new IllegalStateException("inflated bytes are read forward only");
      }
      var skipped = ByteBuffer.allocate((int) Math.min(1 << 16, from - position));
      while (position < from) {
        inflate(skipped.clear().limit((int) Math.min(skipped.capacity(), from - position)));
      }
      inflate(into);
    }

    private void inflate(ByteBuffer into) throws IOException {
      while (into.hasRemaining()) {
        int count = some(into);
        if (count == 0 && (inflater.finished() || inflater.needsDictionary())) {
          throw wrong(entry.name(), "its packed bytes hold less than " + entry.size());
        }
        position += count;
      }
    }

    /** Requires that nothing is left when all that the directory promises has been read. */
    void requireEnd() throws IOException {
      var more = ByteBuffer.allocate(1);
      while (!inflater.finished() && more.hasRemaining() && !inflater.needsDictionary()) {
        some(more);
      }
      if (!inflater.finished() || !more.hasRemaining() || remaining + inflater.getRemaining() > 0) {
        throw wrong(entry.name(), "its packed bytes hold more than " + entry.size());
      }
    }

    private int some(ByteBuffer into) throws IOException {
      try {
        if (inflater.needsInput()) {
          if (remaining == 0) {
            throw wrong(entry.name(), "its packed bytes end too early");
          }
          packed.clear().limit((int) Math.min(packed.capacity(), remaining));
          ArrayBytes.readFully(channel, next, packed);
          inflater.setInput(packed.flip());
          next += packed.limit();
          remaining -= packed.limit();
        }
        return inflater.inflate(into);
      } catch (DataFormatException e) {
        throw wrong(entry.name(), "its packed bytes are damaged: " + e.getMessage());
      }
    }

    @Override
    public void close() {
      inflater.end();
    }
  }
}
