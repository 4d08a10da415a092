// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.golden.Golden;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every hostile file ends in one FormatException, soon and in little memory. Leaves a report in
 * target/hostile-files.md.
 */
class HostileFilesTest {
  private static final long MOST_MILLIS = 200;
  private static final long MOST_BYTES = 64 << 20;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** What became of the files of one kind. */
  private static final class Tally {
    private int refused;
    private int valid;
    private long nanos;
    private long bytes;
  }

  /** How one file was read: {@code error} is null if it is valid. */
  private record Reading(@Nullable Throwable error, long nanos, long bytes) {}

  private final Path folder;
  private final Map<String, Tally> tallies = new TreeMap<>();
  private final List<String> faults = new ArrayList<>();

  HostileFilesTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private static List<byte[]> seeds() throws IOException {
    var golden = Golden.slice().resolve("sam/pth");
    var seeds = new ArrayList<byte[]>();
    for (var name :
        List.of(
            "bfloat16_legacy",
            "dataparallel",
            "dtypes",
            "dtypes_legacy",
            "nested",
            "nested_legacy",
            "parameters",
            "protocol4",
            "protocol5_long",
            "strided",
            "strided_legacy")) {
      seeds.add(Files.readAllBytes(golden.resolve(name + ".pth")));
    }
    return seeds;
  }

  private static List<byte[]> valid() {
    return List.of(
        HostileSafeTensors.valid(),
        HostileZips.valid(),
        HostileZips.validDeflated(),
        HostileZips.valid64(),
        HostilePickles.legacy(HostilePickles.VALID));
  }

  private Path write(byte[] file) throws IOException {
    return Files.write(folder.resolve("hostile.pth"), file);
  }

  @Test
  void whatTheyAreMadeFromIsValid() throws IOException {
    for (var file : valid()) {
      var first = Checkpoint.open(write(file)).arrays().values().iterator().next();
      assertEquals(
          ByteBuffer.wrap("3210".getBytes(StandardCharsets.US_ASCII)).getFloat(),
          first.getFloat(0));
    }
  }

  @Test
  void everyHostileFileEndsInOneTypedException() throws Exception {
    for (int i = 0; i < 50; i++) { // the first readings load classes and the native library
      for (var file : valid()) {
        Checkpoint.open(write(file)).arrays();
      }
    }
    HostileFiles.all(seeds(), this::judge);
    var report = report();
    Files.writeString(Path.of("target", "hostile-files.md"), report);
    assertTrue(faults.isEmpty(), faults.size() + " faults:\n" + String.join("\n", faults));
    assertTrue(tallies.values().stream().mapToInt(t -> t.refused).sum() > 1_000, report);
    try (var files = Files.list(folder)) {
      assertEquals(List.of(folder.resolve("hostile.pth")), files.toList());
    }
    assertTrue(Files.notExists(Path.of("hostile-was-here")));
  }

  private void judge(String kind, byte[] file) throws IOException {
    var path = write(file);
    var reading = read(path);
    for (int i = 0; i < 2 && reading.nanos() > MOST_MILLIS * 1_000_000; i++) {
      reading = read(path); // once it is compiled
    }
    var tally = tallies.computeIfAbsent(kind, k -> new Tally());
    tally.nanos = Math.max(tally.nanos, reading.nanos());
    tally.bytes = Math.max(tally.bytes, reading.bytes());
    if (reading.error() == null) {
      tally.valid++;
    } else {
      tally.refused++;
    }
    boolean typed =
        reading.error() == null
            ? kind.contains(HostileFiles.DAMAGED)
            : reading.error().getClass() == FormatException.class
                && reading.error().getSuppressed().length == 0;
    if (!typed || reading.nanos() > MOST_MILLIS * 1_000_000 || reading.bytes() > MOST_BYTES) {
      faults.add(
          "%s, file %d of the kind: %s, %d ms, %d MiB"
              .formatted(
                  kind,
                  tally.refused + tally.valid,
                  reading.error(),
                  reading.nanos() / 1_000_000,
                  reading.bytes() >> 20));
    }
  }

  private static Reading read(Path path) {
    long direct = direct();
    long heap = THREADS.getCurrentThreadAllocatedBytes();
    long start = THREADS.getCurrentThreadCpuTime(); // other processes do not count
    @Nullable Throwable error = null;
    long arrays = 0;
    try {
      var checkpoint = Checkpoint.open(path);
      for (var name : checkpoint.names()) { // what reading will take of native memory
        int element = ElementType.of(checkpoint.type(name).loaded()).bytes();
        arrays += checkpoint.shape(name).elements() * element;
      }
      if (arrays <= MOST_BYTES) {
        checkpoint.arrays();
      }
    } catch (Throwable e) { // errors of the virtual machine as well
      error = e;
    }
    long nanos = THREADS.getCurrentThreadCpuTime() - start;
    long bytes = THREADS.getCurrentThreadAllocatedBytes() - heap + arrays;
    return new Reading(error, nanos, bytes + Math.max(0, direct() - direct));
  }

  private static long direct() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }

  private String report() {
    var out = new StringBuilder("| files | refused | valid | most ms | most MiB |\n");
    out.append("| --- | ---: | ---: | ---: | ---: |\n");
    tallies.forEach((kind, t) -> out.append(line(kind, t)));
    var sum = new Tally();
    for (var t : tallies.values()) {
      sum.refused += t.refused;
      sum.valid += t.valid;
      sum.nanos = Math.max(sum.nanos, t.nanos);
      sum.bytes = Math.max(sum.bytes, t.bytes);
    }
    return out.append(line("all", sum)).toString();
  }

  private static String line(String kind, Tally t) {
    return "| %s | %d | %d | %.1f | %.1f |%n"
        .formatted(kind, t.refused, t.valid, t.nanos / 1e6, t.bytes / 1048576.0);
  }
}
