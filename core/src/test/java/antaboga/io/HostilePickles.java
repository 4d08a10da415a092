// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import static antaboga.io.HostileFiles.little;

import antaboga.io.HostileFiles.Sink;
import java.util.List;
import java.util.SplittableRandom;

/** State dicts whose pickles lie, loop, nest or name what must not run; in both containers. */
final class HostilePickles {
  private static final String DATA = "0123456789abcdef"; // four floats
  private static final String KNOWN =
      "(012NJKMGXUTCB]})taesuqrhjcRbQio."
          + "\u0080\u0095\u0088\u0089\u008a\u008b\u008c\u008d\u008e\u0096\u0085\u0086\u0087"
          + "\u0094\u0093\u0081\u0092";
  private static final List<String> NAMES =
      List.of(
          "os system",
          "posix system",
          "nt system",
          "subprocess Popen",
          "subprocess check_output",
          "builtins eval",
          "builtins exec",
          "builtins getattr",
          "builtins open",
          "builtins __import__",
          "__builtin__ eval",
          "importlib import_module",
          "runpy run_path",
          "shutil rmtree",
          "socket socket",
          "ctypes CDLL",
          "pickle loads",
          "marshal loads",
          "functools partial",
          "operator attrgetter",
          "operator methodcaller",
          "torch load",
          "torch.hub load",
          "torch.jit load",
          "torch.package PackageImporter",
          "torch.nn.modules.linear Linear",
          "torch._utils _rebuild_device_tensor_from_numpy",
          "torch._utils _rebuild_meta_tensor_no_storage",
          "torch._tensor _rebuild_from_type_v2",
          "torch ComplexFloatStorage",
          "torch QInt8Storage",
          "torch.serialization _get_layout",
          "numpy.core.multiarray _reconstruct",
          "numpy.core.multiarray scalar",
          "collections defaultdict",
          "collections OrderedDict.__reduce__",
          "argparse Namespace",
          "types CodeType",
          "java.lang Runtime",
          "antaboga.io WholeFile");

  /** A dictionary of one tensor of shape (2, 2). */
  static final String VALID = dict(text("w") + tensor(storage("0", 4), 0, ints(2, 2), ints(2, 1)));

  private HostilePickles() {}

  /** The old container: five pickles and the elements. */
  static byte[] legacy(String value) {
    return legacy(pickle(value), pickle("]" + text("0") + "a"), little(4, 8) + DATA);
  }

  private static byte[] legacy(String value, String keys, String storages) {
    return HostileFiles.bytes(head() + value + keys + storages);
  }

  private static String head() {
    var magic = "\u008a\12l\374\234F\371 j\250P\31";
    return pickle(magic) + pickle("M\351\3") + pickle(dict(text("little_endian") + "\u0088"));
  }

  static byte[] zip(String value) {
    return HostileZips.stored(pickle(value), DATA);
  }

  static String pickle(String value) {
    return "\u0080\2" + value + ".";
  }

  static String text(String text) {
    return "X" + little(text.length(), 4) + text;
  }

  static String integer(long number) {
    return "\u008a\10" + little(number, 8);
  }

  static String ints(long... numbers) {
    var out = new StringBuilder("(");
    for (long n : numbers) {
      out.append(integer(n));
    }
    return out + "t";
  }

  static String dict(String items) {
    return "}(" + items + "u";
  }

  static String storage(String key, long elements) {
    return storage("ctorch\nFloatStorage\n", text(key), integer(elements), "N");
  }

  private static String storage(String type, String key, String elements, String part) {
    return "(" + text("storage") + type + key + text("cpu") + elements + part + "tQ";
  }

  static String tensor(String storage, long offset, String sizes, String strides) {
    var rest = storage + integer(offset) + sizes + strides + "\u0089}";
    return "ctorch._utils\n_rebuild_tensor_v2\n(" + rest + "tR";
  }

  private static void both(Sink sink, String kind, String value) throws Exception {
    sink.accept("pickle: " + kind, zip(value));
    sink.accept("pickle: " + kind, legacy(value));
  }

  static void all(Sink sink) throws Exception {
    opcodes(sink);
    classes(sink);
    deep(sink);
    bombs(sink);
    lengths(sink);
    storages(sink);
    tensors(sink);
    duplicates(sink);
    containers(sink);
  }

  private static void opcodes(Sink sink) throws Exception {
    for (char opcode = 0; opcode < 256; opcode++) {
      if (KNOWN.indexOf(opcode) < 0) {
        both(sink, "unknown opcodes", opcode + VALID);
      }
    }
    for (var early :
        List.of("0", "1", "2", "t", "a", "e", "s", "u", "q\0", "r\0\0\0\0", "\u0085")) {
      both(sink, "stacks without what is needed", early + VALID);
    }
    for (var early :
        List.of("\u0094", "h\0", "j\0\0\0\0", "R", "b", "Q", "\u0093", "(K\1a", "]s")) {
      both(sink, "stacks without what is needed", early + VALID);
    }
    for (var value : List.of("", "K\1", "N", "]", "}", ")", text("a"), dict(text("a") + "K\1"))) {
      both(sink, "no tensors", value);
    }
    var random = new SplittableRandom(1);
    for (int i = 0; i < 300; i++) {
      var soup = new StringBuilder();
      for (int n = random.nextInt(1, 40); n > 0; n--) {
        soup.append(KNOWN.charAt(random.nextInt(KNOWN.length())));
        soup.append(random.nextInt(3) == 0 ? little(random.nextLong(), random.nextInt(9)) : "");
      }
      both(sink, "opcodes at random", soup.toString());
    }
  }

  private static void classes(Sink sink) throws Exception {
    for (var name : NAMES) {
      int space = name.indexOf(' ');
      var module = name.substring(0, space);
      var member = name.substring(space + 1);
      var global = "c" + module + "\n" + member + "\n";
      var argument = "(" + text("touch hostile-was-here") + "t";
      for (var use :
          List.of(
              global,
              global + argument + "R",
              global + argument + "\u0081",
              global + argument + "}\u0092",
              global + argument + "R}b",
              text(module) + text(member) + "\u0093" + argument + "R",
              argument.replaceFirst("t$", "") + "i" + module + "\n" + member + "\n",
              "(" + global + text("x") + "o")) {
        sink.accept("pickle: classes and functions", zip(VALID + text("x") + use + "s"));
      }
      sink.accept("pickle: classes and functions", legacy(VALID + text("x") + global + "s"));
    }
  }

  private static void deep(Sink sink) throws Exception {
    for (int n : new int[] {100, 10_000, 200_000}) {
      var w = "}" + text("w");
      both(sink, "nested deep", ")" + "\u0085".repeat(n));
      both(sink, "nested deep", VALID + text("x") + ")" + "\u0085".repeat(n) + "s");
      both(sink, "nested deep", "]".repeat(n) + "a".repeat(n - 1));
      both(sink, "nested deep", w.repeat(n) + "K\1" + "s".repeat(n));
      both(sink, "nested deep", "(".repeat(n) + "t".repeat(n));
      both(sink, "nested deep", "(".repeat(n));
      both(sink, "nested deep", "]" + "2a".repeat(n) + VALID + "a");
    }
    for (int n : new int[] {100, 1_000}) {
      var parameter = "ctorch._utils\n_rebuild_parameter\n(";
      both(sink, "nested deep", parameter.repeat(n) + "K\1" + "tR".repeat(n));
      both(sink, "nested deep", "ctorch\nSize\n(".repeat(n) + "K\1" + "tR".repeat(n));
      both(sink, "nested deep", "(" + text("storage").repeat(n) + "tQ".repeat(2));
    }
  }

  private static void bombs(Sink sink) throws Exception {
    both(sink, "bombs", "]q\0h\0a");
    both(sink, "bombs", "}q\0" + text("a") + "h\0s");
    both(sink, "bombs", "]q\0" + ")\u0094h\0\u0085\u0085a");
    for (var join : List.of("](h%h%eq", "}(X\1\0\0\0ah%X\1\0\0\0bh%uq", "h%h%\u0086q")) {
      var out = new StringBuilder("]q\0");
      for (char i = 0; i < 100; i++) {
        out.append(join.replace('%', i)).append((char) (i + 1));
      }
      both(sink, "bombs", out.toString());
    }
    both(sink, "bombs", "}".repeat(600_000));
    both(sink, "bombs", "]".repeat(499_000));
    both(sink, "bombs", "]K\1a".repeat(160_000));
    var keys = new StringBuilder("}");
    for (int i = 0; i < 99_000; i++) {
      keys.append('J').append(little(i * 977L, 4)).append("Ns");
    }
    both(sink, "bombs", keys.toString());
    both(sink, "bombs", "(" + "K\1".repeat(400_000) + "t");
    both(sink, "bombs", text("x".repeat(1 << 20)).repeat(15));
    both(sink, "bombs", text("\303\251".repeat(1 << 19)).repeat(15));
    both(sink, "bombs", ("U\377" + "x".repeat(255)).repeat(60_000));
    var memo = new StringBuilder("]");
    for (int i = 0; i < 250_000; i++) {
      memo.append('r').append(little(i * 977L, 4));
    }
    both(sink, "bombs", memo.toString());
    // a long list, used again and again
    var pairs = "]q\0(" + "K\1K\2\u0086".repeat(50_000) + "e0";
    var ordered = pairs + "ccollections\nOrderedDict\nq\1h\0\u0085q\2" + "h\1h\2R0".repeat(50_000);
    both(sink, "bombs", ordered);
    var longs = "]q\0(" + "K\1".repeat(50_000) + "e0" + storage("0", 4) + "q\1";
    var tensors =
        "ctorch._utils\n_rebuild_tensor_v2\nq\2(h\1K\0h\0h\0tq\3" + "h\2h\3R0".repeat(50_000);
    both(sink, "bombs", longs + tensors);
    var name = text("n".repeat(1 << 20)) + "q\0";
    var named = dict("h\0" + dict("K\1K\1".repeat(1) + text("b") + "K\2"));
    both(sink, "bombs", name + "]q\1(" + (named + "q\2").repeat(1) + "h\2".repeat(40_000) + "e");
    var module = text("torch") + "q\0" + text("int" + "8".repeat(1 << 20)) + "q\1\u00930";
    both(sink, "bombs", module + "h\0h\1\u00930".repeat(50_000) + VALID);
    both(sink, "bombs", "cq" + "q".repeat(1 << 20) + "\nx\n");
    both(sink, "bombs", "\u0095".concat(little(-1, 8)).repeat(60_000));
    // one element, expanded to a gigabyte
    long[] sizes = {1L << 24, 1L << 27, 1L << 28, 1L << 31, 1L << 40, 1L << 62};
    for (long size : sizes) {
      both(sink, "bombs", dict(text("w") + tensor(storage("0", 4), 0, ints(size), ints(0))));
    }
    var expanded = tensor(storage("0", 4), 0, ints(1 << 20), ints(0));
    both(sink, "bombs", "](" + expanded + "q\1" + "h\1".repeat(2_000) + "e");
  }

  private static void lengths(Sink sink) throws Exception {
    for (long length : new long[] {1L << 31, (1L << 31) - 1, (1L << 32) - 1, 1 << 24, 5_000}) {
      for (var opcode : List.of("X", "T", "B", "\u008b")) {
        both(sink, "lengths beyond the file", opcode + little(length, 4) + "abc");
      }
      both(sink, "lengths beyond the file", "(" + text("a") + "\u008c\377abc");
    }
    for (long length : HostileFiles.extremes()) {
      for (var opcode : List.of("\u008d", "\u008e", "\u0096")) {
        both(sink, "lengths beyond the file", opcode + little(length, 8) + "abc");
      }
    }
    for (int length : new int[] {33, 64, 128, 255}) {
      both(sink, "lengths beyond the file", "\u008a" + (char) length + "abc");
      both(sink, "integers too long", "\u008a" + (char) length + "x".repeat(length) + "0" + VALID);
    }
    both(sink, "text that is not UTF-8", "X\2\0\0\0\300\200");
    both(sink, "text that is not UTF-8", "X\3\0\0\0\355\240\200");
    for (char version : new char[] {0, 1, 6, 255}) {
      both(sink, "protocols", "\u0080" + version + VALID);
    }
  }

  private static String dictOf(String storage) {
    return dict(text("w") + tensor(storage, 0, ints(1), ints(1)));
  }

  private static void storages(Sink sink) throws Exception {
    for (long x : HostileFiles.extremes()) {
      both(sink, "storages of wrong size", dictOf(storage("0", x)));
    }
    for (long x : new long[] {1, 2, 3, 5, 8, 16, 1 << 20}) {
      both(sink, "storages of wrong size", dictOf(storage("0", x)));
    }
    for (var type :
        List.of("Double", "Half", "BFloat16", "Long", "Short", "Char", "Byte", "Bool")) {
      var of = "ctorch\n" + type + "Storage\n";
      both(sink, "storages of wrong size", dictOf(storage(of, text("0"), "K\4", "N")));
    }
    for (var key :
        List.of("", "1", "00", "../0", "/etc/passwd", "0/../0", "\0", "k".repeat(70_000))) {
      both(sink, "storages that are not there", dictOf(storage(key, 4)));
    }
    var float32 = "ctorch\nFloatStorage\n";
    for (var wrong :
        List.of(
            storage(float32, "K\0", "K\4", "N"),
            storage(float32, text("0"), "N", "N"),
            storage(float32, text("0"), text("4"), "N"),
            storage("K\1", text("0"), "K\4", "N"),
            storage("ctorch\nfloat32\n", text("0"), "K\4", "N"),
            storage(float32, text("0"), "\u008a\11" + "\1".repeat(9), "N"),
            "(tQ",
            "NQ",
            text("0") + "Q",
            "(" + text("module") + text("a") + text("b") + text("c") + "tQ",
            "(" + text("storage") + float32 + text("0") + "tQ")) {
      both(sink, "storages that are none", dictOf(wrong));
    }
    for (long x : HostileFiles.extremes()) {
      var part = "(" + text("v") + integer(x) + integer(1) + "t";
      both(sink, "parts beyond a storage", dictOf(storage(float32, text("0"), "K\4", part)));
      part = "(" + text("v") + integer(1) + integer(x) + "t";
      both(sink, "parts beyond a storage", dictOf(storage(float32, text("0"), "K\4", part)));
    }
    var twice = tensor(storage("0", 4), 0, ints(1), ints(1));
    for (long x : new long[] {0, 3, 5, 1 << 20}) {
      var other = tensor(storage("0", x), 0, ints(0), ints(1));
      both(sink, "storages described twice", dict(text("a") + twice + text("b") + other));
    }
  }

  private static void tensors(Sink sink) throws Exception {
    for (long x : HostileFiles.extremes()) {
      for (var view :
          List.of(
              tensor(storage("0", 4), x, ints(1), ints(1)),
              tensor(storage("0", 4), 0, ints(x), ints(1)),
              tensor(storage("0", 4), 0, ints(x, x), ints(1, 1)),
              tensor(storage("0", 4), 0, ints(2), ints(x)),
              tensor(storage("0", 4), 1, ints(2, 2), ints(x, x)),
              tensor(storage("0", 4), 0, ints(x, 0), ints(-1, 1)),
              tensor(storage("0", 4), x, ints(0), ints(1)))) {
        both(sink, "tensors beyond their storage", dict(text("w") + view));
      }
    }
    for (var view :
        List.of(
            tensor(storage("0", 4), 1, ints(2, 2), ints(2, 1)),
            tensor(storage("0", 4), 4, ints(1), ints(1)),
            tensor(storage("0", 4), 0, ints(5), ints(1)),
            tensor(storage("0", 4), 0, ints(2, 3), ints(3, 1)),
            tensor(storage("0", 4), 0, ints(3), ints(2)),
            tensor(storage("0", 4), 3, ints(2), ints(-1)),
            tensor(storage("0", 4), 0, ints(2, 2), ints(1)),
            tensor(storage("0", 4), 0, ints(2), ints(2, 1)))) {
      both(sink, "tensors beyond their storage", dict(text("w") + view));
    }
    var ones = new long[33];
    java.util.Arrays.fill(ones, 1);
    for (var view :
        List.of(
            tensor(storage("0", 4), 0, ints(ones), ints(ones)),
            tensor("K\1", 0, ints(1), ints(1)),
            tensor("N", 0, ints(1), ints(1)),
            tensor(storage("0", 4), 0, "K\1", "K\1"),
            tensor(storage("0", 4), 0, "(G" + "\0".repeat(8) + "t", ints(1)),
            tensor(storage("0", 4), 0, "(" + text("1") + "t", ints(1)),
            tensor(storage("0", 4), 0, "N", "N"),
            "ctorch._utils\n_rebuild_tensor_v2\n)R",
            "ctorch._utils\n_rebuild_tensor_v2\nK\1R",
            "ctorch._utils\n_rebuild_parameter\n)R",
            "ctorch._utils\n_rebuild_parameter\nK\1\u0085R",
            "K\1)R",
            storage("0", 4) + ")R")) {
      both(sink, "tensors that are none", dict(text("w") + view));
    }
  }

  private static void duplicates(Sink sink) throws Exception {
    var w = tensor(storage("0", 4), 0, ints(4), ints(1));
    var ordered = "ccollections\nOrderedDict\n](" + text("a") + w + "\u0086" + text("a") + w;
    for (var twice :
        List.of(
            dict(text("a") + w + text("a") + w),
            dict(text("a") + w + text("a") + "K\1"),
            dict(text("a") + "K\1" + text("a") + w),
            VALID + text("w") + "K\1s",
            VALID + text("w") + w + "s",
            ordered + "\u0086e\u0085R",
            dict(text("a/b") + w + text("a") + dict(text("b") + w)),
            dict(text("a") + dict(text("b") + w) + text("a/b") + w),
            dict(text("w") + w + text("a/b") + "K\1" + text("a") + dict(text("b") + "K\2")),
            dict(text("") + w + text("tensor") + w),
            dict(text("1") + w + "K\1" + w),
            dict(text("a") + w + text("x") + dict("K\1K\1K\1K\2")))) {
      both(sink, "keys that come twice", twice);
    }
    for (var key : List.of(")", "]", "}", "N", "(K\1t", storage("0", 4), w, "C\1x")) {
      both(sink, "keys that cannot be", dict(key + w));
    }
  }

  private static void containers(Sink sink) throws Exception {
    var kind = "legacy: containers that are not whole";
    var value = pickle(VALID);
    var keys = pickle("]" + text("0") + "a");
    var storages = little(4, 8) + DATA;
    sink.accept(kind, HostileFiles.bytes(value));
    sink.accept(kind, HostileFiles.bytes(pickle("M\351\3") + value + keys + storages));
    for (var version : List.of("K\0", "M\352\3", "N", integer(-1), "\u008a\11" + "\1".repeat(9))) {
      var head = head().replace(pickle("M\351\3"), pickle(version));
      sink.accept(kind, HostileFiles.bytes(head + value + keys + storages));
    }
    var big = head().replace("\u0088", "\u0089");
    sink.accept(kind, HostileFiles.bytes(big + value + keys + storages));
    for (var list :
        List.of(
            "N",
            "}",
            "]",
            ")",
            text("0"),
            "]K\0a",
            "]" + text("1") + "a",
            "](" + text("0") + text("0") + "e",
            "](" + text("0") + text("1") + "e",
            "]q\0h\0a",
            "]" + "\u0085".repeat(3) + "a",
            "](" + text("0").repeat(40_000) + "e")) {
      sink.accept(kind, legacy(value, pickle(list), storages));
      sink.accept(kind, legacy(value, pickle(list), storages + storages));
    }
    for (long x : HostileFiles.extremes()) {
      sink.accept("legacy: counts that lie", legacy(value, keys, little(x, 8) + DATA));
    }
    for (long x : new long[] {0, 1, 3, 5, 16, 1 << 20}) {
      sink.accept("legacy: counts that lie", legacy(value, keys, little(x, 8) + DATA));
    }
    for (var data : List.of("", DATA.substring(1), DATA + "x", DATA + DATA, DATA + storages)) {
      sink.accept("legacy: counts that lie", legacy(value, keys, little(4, 8) + data));
    }
  }
}
