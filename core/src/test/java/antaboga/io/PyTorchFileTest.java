// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.golden.Golden;
import antaboga.golden.GoldenCase;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;

class PyTorchFileTest {
  private static final String FUNCTION = "torch.save / torch.load";

  private final Path folder;

  PyTorchFileTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private static GoldenCase golden() {
    return Golden.load(Golden.slice()).cases().stream()
        .filter(c -> c.function().equals(FUNCTION))
        .findFirst()
        .orElseThrow();
  }

  private static Path file(String name) {
    return golden().file("expected").resolveSibling(name);
  }

  /** The records of an archive, in order. */
  private static Map<String, byte[]> records(Path path) throws IOException {
    var records = new LinkedHashMap<String, byte[]>();
    try (var zip = new ZipFile(path.toFile())) {
      for (var entry : java.util.Collections.list(zip.entries())) {
        try (var in = zip.getInputStream(entry)) {
          records.put(entry.getName(), in.readAllBytes());
        }
      }
    }
    return records;
  }

  private Path pack(Map<String, byte[]> records, int method) throws IOException {
    var path = folder.resolve("packed.pth");
    try (var zip = new ZipOutputStream(Files.newOutputStream(path))) {
      for (var record : records.entrySet()) {
        var entry = new ZipEntry(record.getKey());
        entry.setMethod(method);
        if (method == ZipEntry.STORED) {
          var crc = new CRC32();
          crc.update(record.getValue());
          entry.setCrc(crc.getValue());
          entry.setSize(record.getValue().length);
        }
        zip.putNextEntry(entry);
        zip.write(record.getValue());
        zip.closeEntry();
      }
    }
    return path;
  }

  /** A checkpoint whose pickle is the given bytes. */
  private Path pickle(Object... parts) throws IOException {
    var out = new ByteArrayOutputStream();
    out.write(new byte[] {(byte) 0x80, 2});
    for (var part : parts) {
      if (part instanceof Integer code) {
        out.write(code);
      } else {
        out.write(part.toString().getBytes(StandardCharsets.ISO_8859_1));
      }
    }
    return pack(Map.of("archive/data.pkl", out.toByteArray()), ZipEntry.STORED);
  }

  private static void refuses(Path path, String reason) {
    long start = System.nanoTime();
    var error = assertThrows(FormatException.class, () -> Checkpoint.open(path));
    long millis = (System.nanoTime() - start) / 1_000_000;
    assertTrue(error.toString().contains(reason), error::toString);
    assertTrue(millis < 2_000, millis + " ms");
  }

  @Test
  void deflatedRecordsAreRead() throws Exception {
    var path = pack(records(file("zip.pth")), ZipEntry.DEFLATED);
    CheckpointCases.reads(path, golden(), "zip.pth");
  }

  @Test
  void otherTopFolderIsRead() throws Exception {
    var renamed = new LinkedHashMap<String, byte[]>();
    records(file("zip.pth")).forEach((k, v) -> renamed.put(k.replaceFirst("^[^/]+", "x"), v));
    renamed.put("x/byteorder", "little".getBytes(StandardCharsets.UTF_8));
    CheckpointCases.reads(pack(renamed, ZipEntry.STORED), golden(), "zip.pth");
  }

  @Test
  void refusesBigEndian() throws IOException {
    var records = records(file("parameters.pth"));
    records.put("parameters/byteorder", "big".getBytes(StandardCharsets.UTF_8));
    refuses(pack(records, ZipEntry.STORED), "little-endian");
  }

  @Test
  void refusesAMissingStorage() throws IOException {
    var records = records(file("parameters.pth"));
    records.remove("parameters/data/1");
    refuses(pack(records, ZipEntry.STORED), "data/1: is missing");
  }

  @Test
  void refusesAShortStorage() throws IOException {
    var records = records(file("parameters.pth"));
    records.put("parameters/data/1", new byte[8]);
    refuses(pack(records, ZipEntry.STORED), "data/1: 8 bytes, expected 3 of F32");
  }

  @Test
  void damagedDataAreNoticed() throws IOException {
    var bytes = Files.readAllBytes(file("zip.pth"));
    var path = folder.resolve("damaged.pth");
    int at = bytes.length / 2;
    bytes[at] ^= 1;
    Files.write(path, bytes);
    var error = assertThrows(FormatException.class, () -> Checkpoint.open(path).arrays());
    assertTrue(error.toString().contains("checksum"), error::toString);
  }

  @Test
  void stateDictIsTheModelsOwn() throws IOException {
    var nested = Checkpoint.open(file("nested.pth"));
    assertEquals("3", nested.metadata().get("epoch"));
    assertTrue(nested.stateDict().has("0.weight"));
    assertEquals(9, nested.stateDict().names().size());
    assertTrue(Checkpoint.open(file("dataparallel.pth")).stateDict().has("0.weight"));
  }

  @Test
  void canBeSavedAsSafetensors() throws IOException {
    var original = Checkpoint.open(file("strided.pth"));
    original.save(folder.resolve("w.safetensors"));
    var saved = Checkpoint.open(folder.resolve("w.safetensors"));
    assertEquals(original.names(), saved.names());
    for (var name : original.names()) {
      assertArrayEquals(original.get(name).shape(), saved.get(name).shape());
    }
    assertEquals(original.get("channels_last"), saved.get("channels_last"));
  }

  @Test
  void namesWhatItRefusesToRun() throws IOException {
    refuses(file("evil_reduce.pth"), "eval");
    refuses(file("whole_module.pth"), "torch.nn.modules.linear.Linear");
    refuses(pickle("cos\nsystem\n", "X", 2, 0, 0, 0, "ls", 0x85, "R."), "os.system");
  }

  @Test
  void refusesASelfContainingList() throws IOException {
    refuses(pickle("]q", 0, "h", 0, "a."), "without end");
  }

  @Test
  void refusesADictionaryOfExponentialSize() throws IOException {
    var parts = new ArrayList<Object>(List.of("]q", 0));
    for (int i = 0; i < 30; i++) {
      parts.addAll(List.of("](h", i, "h", i, "eq", i + 1));
    }
    parts.add(".");
    refuses(pickle(parts.toArray()), "without end");
  }

  @Test
  void refusesDeepTuplesWithoutRecursingIntoThem() throws IOException {
    var parts = new ArrayList<Object>(List.of(")"));
    for (int i = 0; i < 100_000; i++) {
      parts.add(0x85);
    }
    parts.add(".");
    refuses(pickle(parts.toArray()), "nested too deep");
  }

  @Test
  void refusesEndlessOpcodes() throws IOException {
    refuses(pickle("}".repeat(600_000)), "opcodes");
  }

  @Test
  void refusesTextLongerThanTheFile() throws IOException {
    refuses(pickle("X", 255, 255, 255, 127, "abc."), "ends too early");
  }

  @Test
  void refusesTensorsBeyondTheirStorage() throws IOException {
    var storage = "((X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0000X\3\0\0\0cpuK\1tQ";
    var tensor = "ctorch._utils\n_rebuild_tensor_v2\n";
    refuses(pickle(tensor + storage + "K\0K\2\u0085K\1\u0085\u0089}tR."), "beyond its storage");
    refuses(pickle(tensor + storage + "K\1K\1\u0085K\1\u0085\u0089}tR."), "beyond its storage");
    refuses(pickle(tensor + storage + "J\377\377\377\377K\1\u0085K\1\u0085\u0089}tR."), "beyond");
    refuses(pickle(tensor + storage + "K\0J\377\377\377\377\u0085K\1\u0085\u0089}tR."), "shape");
    refuses(pickle(tensor + storage + "K\0J\377\377\377\177\u0085K\0\u0085\u0089}tR."), "expanded");
  }

  @Test
  void refusesManyTensorsOfOneStorage() throws IOException {
    var tensor =
        "ctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\nFloatStorage\n"
            + "X\1\0\0\0000X\3\0\0\0cpuJ\0\0\0\1tQK\0J\0\0\0\1\u0085K\1\u0085\u0089}tRq";
    refuses(pickle("](" + tensor, 0, "h\0".repeat(100), "e."), "bytes of tensors from");
  }

  @Test
  void readsAnEmptyTensorOfAnyStrides() throws IOException {
    var out = new ByteArrayOutputStream();
    out.write(new byte[] {(byte) 0x80, 2});
    out.write(
        ("ctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\nFloatStorage\n"
                + "X\1\0\0\0000X\3\0\0\0cpuK\0tQK\0K\4K\0\u0086K\1K\4\u0086\u0089}tR.")
            .getBytes(StandardCharsets.ISO_8859_1));
    var records = Map.of("a/data.pkl", out.toByteArray(), "a/data/0", new byte[0]);
    var array = Checkpoint.open(pack(records, ZipEntry.STORED)).get("tensor");
    assertArrayEquals(new long[] {4, 0}, array.shape());
  }

  @Test
  void refusesStoragesThatAreNotListedByName() throws IOException {
    var start = "\u0080\2\u008a\12l\374\234F\371 j\250P\31.\u0080\2M\351\3.\u0080\2}.";
    var tensor =
        "\u0080\2ctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\nFloatStorage\n"
            + "X\1\0\0\0000X\3\0\0\0cpuK\1NtQK\0K\1\u0085K\1\u0085\u0089}tR.";
    var path = folder.resolve("legacy.pth");
    var cyclic = "\u0080\2]q\0]q\1h\0aah\1a."; // two lists that hold each other
    Files.write(path, (start + tensor + cyclic).getBytes(StandardCharsets.ISO_8859_1));
    refuses(path, "not listed by name");
  }

  @Test
  void refusesABombOfManySmallRecords() throws IOException {
    var records = new LinkedHashMap<String, byte[]>(records(file("parameters.pth")));
    for (int i = 0; i < 100; i++) {
      records.put("parameters/data/" + (i + 2), new byte[1 << 20]);
    }
    refuses(pack(records, ZipEntry.DEFLATED), "bytes packed into");
  }

  @Test
  void refusesAZipBomb() throws IOException {
    var records = records(file("parameters.pth"));
    records.put("parameters/data/1", new byte[64 << 20]);
    refuses(pack(records, ZipEntry.DEFLATED), "cannot be");
  }

  @Test
  void refusesAnotherArchive() throws IOException {
    refuses(pack(Map.of("a.txt", new byte[3]), ZipEntry.STORED), "data.pkl");
  }

  @Test
  void damagedFilesAreReadOrRefusedInWords() throws IOException {
    var seeds =
        List.of(
            "strided.pth",
            "strided_legacy.pth",
            "dtypes.pth",
            "dtypes_legacy.pth",
            "nested.pth",
            "nested_legacy.pth",
            "dataparallel.pth",
            "parameters.pth",
            "protocol4.pth",
            "protocol5_long.pth",
            "bfloat16_legacy.pth");
    var random = new SplittableRandom(7);
    var path = folder.resolve("damaged.pth");
    int refused = 0;
    int files = 0;
    for (var seed : seeds) {
      var whole = Files.readAllBytes(file(seed));
      for (int i = 0; i < 60; i++) {
        files++;
        var damaged = damaged(whole, random);
        Files.write(path, damaged);
        try {
          Checkpoint.open(path).arrays();
        } catch (FormatException e) {
          refused++;
        }
      }
    }
    assertTrue(refused > files / 2, refused + " of " + files);
  }

  private static byte[] damaged(byte[] whole, SplittableRandom random) {
    if (random.nextInt(4) == 0) {
      return java.util.Arrays.copyOf(whole, random.nextInt(whole.length));
    }
    var damaged = whole.clone();
    for (int n = random.nextInt(1, 5); n > 0; n--) {
      // most of the structure stands at both ends
      int range = random.nextInt(3) == 0 ? damaged.length : Math.min(1500, damaged.length);
      int at = random.nextInt(range);
      int from = random.nextBoolean() ? at : damaged.length - 1 - at;
      damaged[from] =
          random.nextBoolean()
              ? (byte) random.nextInt(256)
              : (byte) (damaged[from] ^ 1 << random.nextInt(8));
    }
    return damaged;
  }

  @Test
  void halfPrecisionIsWidened() throws IOException {
    assertEquals(
        DataType.FLOAT,
        Checkpoint.open(file("half.pth")).arrays().values().iterator().next().dataType());
  }

  @Test
  void aLegacyFileThatIsCutSaysHowMuchIsThere() throws IOException {
    var whole = Files.readAllBytes(file("dtypes_legacy.pth"));
    var cut = folder.resolve("cut.pth");
    Files.write(cut, java.util.Arrays.copyOf(whole, whole.length - 1));
    var error = assertThrows(FormatException.class, () -> Checkpoint.open(cut));
    assertTrue(error.toString().matches(".* \\d+ of \\d+ bytes; the file is cut"), error::toString);
  }
}
