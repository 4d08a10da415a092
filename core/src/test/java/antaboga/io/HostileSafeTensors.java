// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import antaboga.io.HostileFiles.Sink;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.StringJoiner;

/** Safetensors files that lie. */
final class HostileSafeTensors {
  private static final String DATA = "0123456789abcdef";

  private HostileSafeTensors() {}

  /** Two arrays of 8 bytes and metadata. */
  static byte[] valid() {
    var arrays = array("a", "F32", "[2]", 0, 8) + "," + array("b", "I16", "[2,2]", 8, 16);
    return file("{\"__metadata__\":{\"k\":\"v\"}," + arrays + "}", DATA);
  }

  private static byte[] file(String header, String data) {
    var text = new String(header.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    return framed(text.length(), text, data);
  }

  private static byte[] framed(long length, String header, String data) {
    return HostileFiles.bytes(HostileFiles.little(length, 8) + header + data);
  }

  private static String array(String name, String type, String shape, long begin, long end) {
    return array(name, type, shape, "[" + begin + "," + end + "]");
  }

  private static String array(String name, String type, String shape, String offsets) {
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":%s}"
        .formatted(name, type, shape, offsets);
  }

  private static byte[] object(String... fields) {
    return file("{" + String.join(",", fields) + "}", DATA);
  }

  static void all(Sink sink) throws Exception {
    offsets(sink);
    shapes(sink);
    duplicates(sink);
    headers(sink);
    syntax(sink);
  }

  private static void offsets(Sink sink) throws Exception {
    var kind = "safetensors: offsets that overlap, leave gaps or overflow";
    long[][] pairs = {{0, 8}, {4, 12}, {8, 16}, {0, 16}, {8, 8}, {16, 16}, {15, 16}, {8, 24}};
    for (var a : pairs) {
      for (var b : pairs) {
        long held = a[1] - a[0] + b[1] - b[0];
        if (held == 16 && (a[1] == b[0] || b[1] == a[0])) {
          continue; // these fill the file
        }
        var first = array("a", "U8", "[" + (a[1] - a[0]) + "]", a[0], a[1]);
        var second = array("b", "U8", "[" + (b[1] - b[0]) + "]", b[0], b[1]);
        sink.accept(kind, object(first, second));
      }
    }
    for (long x : HostileFiles.extremes()) {
      sink.accept(kind, object(array("a", "U8", "[16]", x, 16)));
      sink.accept(kind, object(array("a", "U8", "[16]", 0, x)));
      sink.accept(kind, object(array("a", "U8", "[16]", x, x + 16)));
      sink.accept(kind, object(array("a", "U8", "[" + x + "]", 0, x)));
    }
    for (var wrong : List.of("[]", "[0]", "[0,8,16]", "[16,0]", "{}", "16", "[0,\"16\"]")) {
      sink.accept(kind, object(array("a", "U8", "[16]", wrong)));
    }
  }

  private static void shapes(Sink sink) throws Exception {
    var kind = "safetensors: shapes and types that do not fit";
    for (long x : HostileFiles.extremes()) {
      sink.accept(kind, object(array("a", "F32", "[" + x + "]", 0, 16)));
      sink.accept(kind, object(array("a", "F64", "[2," + x + ",4]", 0, 16)));
      sink.accept(kind, object(array("a", "F64", "[" + x + "," + x + "]", 0, 16)));
      sink.accept(kind, object(array("a", "F64", "[0," + x + "," + x + "]", 0, 16)));
    }
    for (var type : List.of("", "F31", "f32", "F8_E5M2", "U64", "object", "F32\\u0000")) {
      sink.accept(kind, object(array("a", type, "[4]", 0, 16)));
    }
    for (var type : List.of("F64", "F16", "BF16", "I64", "I16", "U8", "BOOL")) {
      sink.accept(kind, object(array("a", type, "[4]", 0, 16)));
    }
    for (var shape : List.of("[3]", "[5]", "[]", "[-4]", "[4.0]", "[[4]]", "4", "\"4\"", "{}")) {
      sink.accept(kind, object(array("a", "F32", shape, 0, 16)));
    }
    var ones = "1,".repeat(40);
    sink.accept(kind, object(array("a", "F32", "[" + ones + "4]", 0, 16)));
    sink.accept(kind, object(array("a", "F32", "[" + "1,".repeat(90_000) + "4]", 0, 16)));
  }

  private static void duplicates(Sink sink) throws Exception {
    var kind = "safetensors: keys that come twice";
    var a = array("a", "U8", "[8]", 0, 8);
    sink.accept(kind, object(a, a));
    sink.accept(kind, object(a, array("a", "U8", "[8]", 8, 16)));
    sink.accept(kind, object(a, array("\\u0061", "U8", "[8]", 8, 16)));
    for (var key : List.of("dtype", "shape", "data_offsets")) {
      var twice = "{\"%s\":1,\"dtype\":\"U8\",\"shape\":[16],\"data_offsets\":[0,16]}";
      sink.accept(kind, object("\"a\":" + twice.formatted(key)));
    }
    var whole = array("a", "U8", "[16]", 0, 16);
    sink.accept(kind, object("\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}", whole));
    sink.accept(kind, object("\"__metadata__\":{}", "\"__metadata__\":{}", whole));
  }

  private static void headers(Sink sink) throws Exception {
    var kind = "safetensors: headers too long, or of false length";
    var text = "{" + array("a", "U8", "[16]", 0, 16) + "}";
    for (long x : HostileFiles.extremes()) {
      sink.accept(kind, framed(x, text, DATA));
    }
    for (long x : new long[] {0, 1, 2, text.length() - 1, text.length() + 1, 2L << 20, 100 << 20}) {
      sink.accept(kind, framed(x, text, DATA));
    }
    sink.accept(kind, file(text + " ".repeat(2 << 20), DATA));
    sink.accept(kind, object("\"" + "n".repeat(2_000_000) + "\":{}"));
    sink.accept(kind, object("\"" + "\\u00e9".repeat(300_000) + "\":{}"));
    sink.accept(kind, object("\"a\":[" + "[],".repeat(600_000) + "[]]"));
    sink.accept(kind, object("\"a\":[" + "{},".repeat(99_000) + "{}]"));
    sink.accept(kind, object("\"a\":[" + "\"\",".repeat(600_000) + "{}]"));
    var many = new StringJoiner(",");
    for (int i = 0; i < 20_000; i++) {
      many.add(array("n" + i, "U8", "[0]", 16, 16));
    }
    sink.accept(kind, object(many.toString()));
    var metadata = new StringJoiner(",");
    for (int i = 0; i < 99_000; i++) {
      metadata.add("\"" + i + "\":\"\"");
    }
    sink.accept(kind, object("\"__metadata__\":{" + metadata + "}", "\"a\":1"));
  }

  private static void syntax(Sink sink) throws Exception {
    var kind = "safetensors: headers that are not the format's JSON";
    var wrong =
        List.of(
            "{}", // and then 16 bytes of nobody
            "{",
            "{]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":null}",
            "{\"a\":true}",
            "{\"a\":NaN}",
            "{\"a\":1e400}",
            "{\"a\":99999999999999999999}",
            "{'a':1}",
            "{\"a\":1,}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12\"}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"",
            "{\"a\":\"\\",
            "{/* */}",
            "{\"__metadata__\":[]}",
            "{\"__metadata__\":{\"k\":1}}",
            "{\"__metadata__\":{\"k\":{}}}",
            "{" + array("a", "U8", "[16]", 0, 16) + "}{}",
            "{" + array("a", "U8", "[16]", 0, 16) + "}\0",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[16]}}",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[16],\"data_offsets\":[0,16],\"x\":1}}");
    for (var header : wrong) {
      sink.accept(kind, file(header, DATA));
    }
    for (int depth : new int[] {9, 100, 10_000, 300_000}) {
      sink.accept(kind, file("{\"a\":" + "[".repeat(depth), DATA));
      sink.accept(kind, file("{\"a\":".repeat(depth), DATA));
      sink.accept(kind, file("{\"a\":" + "[".repeat(depth) + "]".repeat(depth) + "}", DATA));
    }
    for (int lead : new int[] {0x80, 0xc0, 0xe0, 0xf8, 0xff}) {
      var header = "{\"" + (char) lead + "\":{}}";
      sink.accept(kind, framed(header.length(), header, DATA));
    }
  }
}
