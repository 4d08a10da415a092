// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import static antaboga.io.HostileFiles.little;

import antaboga.io.HostileFiles.Sink;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Zip containers whose directories lie; the state dict in them is in order. */
final class HostileZips {
  private static final String DATA = "0123456789abcdef"; // four floats
  private static final int CENTRAL = 0x02014b50;
  private static final int END_SIZE = 22;

  /** A record as the file holds it, and what the directory says of it. */
  @SuppressWarnings("ArrayRecordComponent") // of which nobody asks whether they are equal
  private record Packed(byte[] packed, boolean deflated, long size, long crc) {
    static Packed stored(byte[] bytes) {
      return new Packed(bytes, false, bytes.length, sum(bytes, bytes.length));
    }

    static Packed deflated(byte[] bytes) {
      return new Packed(deflate(bytes), true, bytes.length, sum(bytes, bytes.length));
    }

    /** One that claims another size than its bytes have, with the checksum of that many. */
    static Packed claiming(byte[] bytes, int size) {
      return new Packed(deflate(bytes), true, size, sum(bytes, Math.min(size, bytes.length)));
    }
  }

  private HostileZips() {}

  static byte[] valid() {
    return HostilePickles.zip(HostilePickles.VALID);
  }

  static byte[] validDeflated() {
    return zip(with("a/data/0", Packed.deflated(HostileFiles.bytes(DATA))));
  }

  /** An archive of a pickle and one storage, as PyTorch packs it. */
  static byte[] stored(String pickle, String data) {
    var records = new LinkedHashMap<String, Packed>();
    records.put("a/data.pkl", Packed.stored(HostileFiles.bytes(pickle)));
    records.put("a/data/0", Packed.stored(HostileFiles.bytes(data)));
    return zip(records);
  }

  private static Map<String, Packed> with(String name, Packed record) {
    var records = new LinkedHashMap<String, Packed>();
    var pickle = HostilePickles.pickle(HostilePickles.VALID);
    records.put("a/data.pkl", Packed.stored(HostileFiles.bytes(pickle)));
    records.put("a/data/0", Packed.stored(HostileFiles.bytes(DATA)));
    records.put(name, record);
    return records;
  }

  private static long sum(byte[] bytes, int length) {
    var crc = new CRC32();
    crc.update(bytes, 0, length);
    return crc.getValue();
  }

  private static byte[] deflate(byte[] bytes) {
    var deflater = new Deflater(Deflater.BEST_SPEED, true);
    deflater.setInput(bytes);
    deflater.finish();
    var out = new ByteArrayOutputStream();
    var block = new byte[1 << 16];
    while (!deflater.finished()) {
      out.write(block, 0, deflater.deflate(block));
    }
    deflater.end();
    return out.toByteArray();
  }

  private static byte[] zip(Map<String, Packed> records) {
    try (var out = new ByteArrayOutputStream()) {
      var directory = new ByteArrayOutputStream();
      for (var e : records.entrySet()) {
        var r = e.getValue();
        var numbers = little(r.crc(), 4) + little(r.packed().length, 4) + little(r.size(), 4);
        var both = "\0\0" + (r.deflated() ? "\10\0" : "\0\0") + "\0\0\0\0" + numbers;
        var name = little(e.getKey().length(), 2) + "\0\0";
        directory.write(HostileFiles.bytes("PK\1\2\24\0\24\0" + both + name));
        directory.write(HostileFiles.bytes("\0\0\0\0\0\0\0\0\0\0" + little(out.size(), 4)));
        directory.write(HostileFiles.bytes(e.getKey()));
        out.write(HostileFiles.bytes("PK\3\4\24\0" + both + name + e.getKey()));
        out.write(r.packed());
      }
      int begin = out.size();
      directory.writeTo(out);
      var count = little(records.size(), 2);
      var where = little(directory.size(), 4) + little(begin, 4);
      out.write(HostileFiles.bytes("PK\5\6\0\0\0\0" + count + count + where + "\0\0"));
      return out.toByteArray();
    } catch (IOException e) {
      throw new IllegalStateException("memory does not fail", e);
    }
  }

  private static ByteBuffer of(byte[] zip) {
    return ByteBuffer.wrap(zip.clone()).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static byte[] array(ByteBuffer zip) {
    var bytes = new byte[zip.limit()];
    zip.get(0, bytes);
    return bytes;
  }

  private static int end(ByteBuffer zip) {
    return zip.limit() - END_SIZE;
  }

  /** Where the entries of the directory begin. */
  private static List<Integer> entries(ByteBuffer zip) {
    var entries = new ArrayList<Integer>();
    int at = zip.getInt(end(zip) + 16);
    while (zip.getInt(at) == CENTRAL) {
      entries.add(at);
      at += 46 + zip.getShort(at + 28) + zip.getShort(at + 30) + zip.getShort(at + 32);
    }
    return entries;
  }

  static void all(Sink sink) throws Exception {
    directories(sink);
    sixtyFour(sink);
    records(sink);
    bombs(sink);
  }

  private static void put(ByteBuffer zip, int at, int width, long value) {
    if (width == 2) {
      zip.putShort(at, (short) value);
    } else {
      zip.putInt(at, (int) value);
    }
  }

  private static long get(ByteBuffer zip, int at, int width) {
    return width == 2 ? zip.getShort(at) & 0xffff : zip.getInt(at) & 0xffffffffL;
  }

  private static void patch(Sink sink, String kind, byte[] zip, int at, int width, long... values)
      throws Exception {
    for (long value : values) {
      var patched = of(zip);
      if (get(patched, at, width) != (value & (width == 2 ? 0xffff : 0xffffffffL))) {
        put(patched, at, width, value);
        sink.accept(kind, array(patched));
      }
    }
  }

  private static void directories(Sink sink) throws Exception {
    var kind = "zip: offsets that overlap or overflow, sizes and names that lie";
    for (var zip : List.of(valid(), validDeflated())) {
      var bytes = of(zip);
      int last = end(bytes);
      for (int at : entries(bytes)) {
        long size = get(bytes, at + 24, 4);
        long packed = get(bytes, at + 20, 4);
        long begin = get(bytes, at + 42, 4);
        long other = get(bytes, entries(bytes).get(begin == 0 ? 1 : 0) + 42, 4);
        patch(sink, kind, zip, at, 4, 0, -1);
        patch(sink, kind, zip, at + 8, 2, 1);
        patch(sink, kind, zip, at + 10, 2, 1, 9, 12, 14, 93, 99, -1);
        patch(sink, kind, zip, at + 10, 2, 8 - get(bytes, at + 10, 2));
        patch(sink, kind, zip, at + 16, 4, get(bytes, at + 16, 4) ^ 1, 0, -1);
        patch(
            sink, kind, zip, at + 20, 4, 0, 1, packed - 1, packed + 1, packed + last, 1L << 31, -1);
        patch(sink, kind, zip, at + 24, 4, 0, 1, size - 1, size + 1, size * 2, 1L << 31, -1, -2);
        patch(sink, kind, zip, at + 28, 2, 0, 1, get(bytes, at + 28, 2) + 1, 0x7fff, -1);
        patch(sink, kind, zip, at + 30, 2, 1, 4, 0x7fff, -1);
        patch(sink, kind, zip, at + 32, 2, 1, 46, 0x7fff, -1);
        patch(sink, kind, zip, at + 42, 4, other, begin + 1, begin + 30, last, 1L << 31, -1, -2);
        patch(sink, kind, zip, at + 42, 4, get(bytes, last + 16, 4));
        int local = (int) begin;
        patch(sink, kind, zip, local, 4, 0, -1);
        patch(sink, kind, zip, local + 26, 2, 0, 1, get(bytes, local + 26, 2) + 1, -1);
        patch(sink, kind, zip, local + 28, 2, 1, 2, 4, 30, 0x7fff, -1);
        var renamed = of(zip);
        renamed.put(local + 30, (byte) 'b');
        sink.accept(kind, array(renamed));
      }
      long length = get(bytes, last + 12, 4);
      long begin = get(bytes, last + 16, 4);
      patch(sink, kind, zip, last, 4, 0, CENTRAL);
      patch(sink, kind, zip, last + 10, 2, 0, 1, 3, 0x7fff, -1);
      patch(sink, kind, zip, last + 12, 4, 0, 1, length - 1, length + 1, 1L << 31, -1, 3 << 20);
      patch(sink, kind, zip, last + 16, 4, 0, 1, begin - 1, begin + 1, last, 1L << 31, -1, -2);
      patch(sink, kind, zip, last + 20, 2, 1, 22, -1);
    }
  }

  /** The same with a 64-bit end record that says what the given numbers say. */
  private static byte[] zip64(long count, long length, long begin, long at, int first) {
    var zip = valid();
    var bytes = of(zip);
    int end = end(bytes);
    var out = new StringBuilder(new String(zip, 0, end, StandardCharsets.ISO_8859_1));
    out.append("PK\6\6").append(little(44, 8)).append("\55\0\55\0").append("\0".repeat(8));
    out.append(little(count, 8)).append(little(count, 8));
    out.append(little(length, 8)).append(little(begin, 8));
    out.append("PK\6\7\0\0\0\0").append(little(at < 0 ? at : at + end, 8)).append("\1\0\0\0");
    out.append("PK\5\6\0\0\0\0").append(little(first, 2)).append("\377\377");
    return HostileFiles.bytes(out + "\377".repeat(8) + "\0\0");
  }

  /** A directory of 64-bit numbers that is in order. */
  static byte[] valid64() {
    var bytes = of(valid());
    int end = end(bytes);
    return zip64(2, get(bytes, end + 12, 4), get(bytes, end + 16, 4), 0, 0xffff);
  }

  private static void sixtyFour(Sink sink) throws Exception {
    var kind = "zip: 64-bit fields that overflow";
    var bytes = of(valid());
    long length = get(bytes, end(bytes) + 12, 4);
    long begin = get(bytes, end(bytes) + 16, 4);
    for (long x : HostileFiles.extremes()) {
      sink.accept(kind, zip64(x, length, begin, 0, 0xffff));
      sink.accept(kind, zip64(2, x, begin, 0, 0xffff));
      sink.accept(kind, zip64(2, length, x, 0, 0xffff));
      sink.accept(kind, zip64(2, x, x, 0, 0xffff));
      sink.accept(kind, zip64(2, length, begin, x < 0 ? x : x - (1L << 30), 0xffff));
    }
    for (long x : new long[] {-1, 1, 2, 8, 1 << 16}) {
      sink.accept(kind, zip64(2, length, begin + x, 0, 0xffff));
      sink.accept(kind, zip64(2, length, begin, x, 0xffff));
    }
    for (long x : HostileFiles.extremes()) {
      for (int fields = 1; fields < 8; fields++) {
        sink.accept(kind, extra(fields, x));
      }
    }
  }

  /** The last entry's size, packed size or offset stand in a 64-bit extra field. */
  private static byte[] extra(int fields, long value) {
    var zip = of(valid());
    int at = entries(zip).get(1);
    var wide = new StringBuilder();
    int[] places = {24, 20, 42};
    for (int i = 0; i < places.length; i++) {
      if ((fields >> i & 1) != 0) {
        zip.putInt(at + places[i], -1);
        wide.append(little(value, 8));
      }
    }
    zip.putShort(at + 30, (short) (wide.length() + 4));
    int end = end(zip);
    zip.putInt(end + 12, zip.getInt(end + 12) + wide.length() + 4);
    var text = new String(array(zip), StandardCharsets.ISO_8859_1);
    var field = "\1\0" + little(wide.length(), 2) + wide;
    return HostileFiles.bytes(text.substring(0, end) + field + text.substring(end));
  }

  private static void records(Sink sink) throws Exception {
    var kind = "zip: records that are missing, double or of other sizes";
    for (int size : new int[] {0, 1, 4, 15, 17, 32, 1 << 20}) {
      sink.accept(kind, zip(with("a/data/0", Packed.stored(new byte[size]))));
      sink.accept(kind, zip(with("a/data/0", Packed.deflated(new byte[size]))));
    }
    var none = new LinkedHashMap<>(with("x", Packed.stored(new byte[1])));
    none.remove("a/data/0");
    sink.accept(kind, zip(none));
    none.remove("a/data.pkl");
    sink.accept(kind, zip(none));
    sink.accept(kind, zip(Map.of()));
    for (var name : List.of("b/data.pkl", "../data.pkl", "\0/data.pkl", "a/constants.pkl")) {
      sink.accept(kind, zip(with(name, Packed.stored(new byte[3]))));
    }
    sink.accept(kind, zip(with("a/byteorder", Packed.stored(HostileFiles.bytes("big")))));
    sink.accept(kind, zip(with("a/byteorder", Packed.stored(new byte[1 << 20]))));
    var twice = of(zip(with("a/data/1", Packed.stored(HostileFiles.bytes(DATA)))));
    int at = entries(twice).get(2);
    twice.put(at + 46 + 7, (byte) '0');
    twice.put(twice.getInt(at + 42) + 30 + 7, (byte) '0');
    sink.accept(kind, array(twice));
  }

  private static void bombs(Sink sink) throws Exception {
    var kind = "zip: bombs, claimed and real";
    var data = HostileFiles.bytes(DATA);
    for (int size : new int[] {17, 1 << 10, 1 << 20, 1 << 24, 1 << 30, Integer.MAX_VALUE, -2}) {
      var packed = deflate(data);
      var claimed = new Packed(packed, true, size & 0xffffffffL, sum(data, data.length));
      sink.accept(kind, zip(with("a/data/0", claimed)));
      sink.accept(kind, zip(with("a/data.pkl", claimed)));
    }
    for (int size : new int[] {17, 1 << 10, 1 << 20, 1 << 26}) {
      var real = HostileFiles.bytes(DATA + "\0".repeat(size - data.length));
      sink.accept(kind, zip(with("a/data/0", Packed.claiming(real, data.length))));
      sink.accept(kind, zip(with("a/data.pkl", Packed.claiming(real, data.length))));
    }
    sink.accept(kind, zip(with("a/data/0", Packed.deflated(new byte[1 << 26]))));
    sink.accept(kind, zip(with("a/data.pkl", Packed.deflated(new byte[1 << 26]))));
    sink.accept(kind, zip(with("a/data.pkl", Packed.deflated(new byte[1 << 20]))));
    var many = with("a/data/0", Packed.stored(data));
    for (int i = 1; i <= 100; i++) {
      many.put("a/data/" + i, Packed.deflated(new byte[1 << 20]));
    }
    sink.accept(kind, zip(many));
    var names = with("a/data/0", Packed.stored(data));
    for (int i = 0; i < 40; i++) {
      names.put("n".repeat(60_000) + i, Packed.stored(new byte[0]));
    }
    sink.accept(kind, zip(names));
    // packed zeros, inflated again for every tensor that is seen in them
    var views = new StringBuilder();
    int elements = 1 << 18;
    for (int i = 0; i < 2_000; i++) {
      var end = elements - 1 - i;
      var storage = HostilePickles.storage("0", elements);
      var one = HostilePickles.ints(1);
      views.append(HostilePickles.text("w" + i));
      views.append(HostilePickles.tensor(storage, end, one, one));
    }
    var pickle = HostilePickles.pickle(HostilePickles.dict(views.toString()));
    var again = with("a/data/0", Packed.deflated(new byte[4 * elements]));
    again.put("a/data.pkl", Packed.stored(HostileFiles.bytes(pickle)));
    sink.accept(kind, zip(again));
    // every record is the same one
    var overlapping = of(zip(many));
    int first = overlapping.getInt(entries(overlapping).get(2) + 42);
    for (int at : entries(overlapping)) {
      overlapping.putInt(at + 42, first);
    }
    sink.accept(kind, array(overlapping));
    for (int garbage = 0; garbage < 40; garbage++) {
      var bytes = new byte[20];
      new SplittableRandom(garbage).nextBytes(bytes);
      sink.accept(kind, zip(with("a/data/0", new Packed(bytes, true, 16, 0))));
    }
  }
}
