// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What this process runs on; asks the operating system, loads nothing native. */
public final class Machine {
  private static final List<String> SIMD =
      List.of(
          "sse4_2",
          "avx",
          "avx2",
          "fma",
          "avx512f",
          "avx512bw",
          "avx512dq",
          "avx512vl",
          "avx512_bf16",
          "amx_tile",
          "asimd",
          "sve");

  private Machine() {}

  /** Names and values for a table. */
  public static Map<String, String> facts() {
    var facts = new LinkedHashMap<String, String>();
    facts.put("processor", processor());
    facts.put("cores for this process", "" + Runtime.getRuntime().availableProcessors());
    facts.put("SIMD", simd());
    facts.put("memory", memory());
    facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    facts.put("Java", System.getProperty("java.vendor") + " " + Runtime.version());
    return facts;
  }

  /** The processor's name as the system tells it. */
  public static String processor() {
    return cpuinfo("model name").stream().findFirst().orElse(System.getProperty("os.arch"));
  }

  private static String simd() {
    Set<String> flags = new TreeSet<>();
    for (var field : List.of("flags", "Features")) {
      cpuinfo(field).stream().limit(1).forEach(f -> flags.addAll(List.of(f.split("\\s+"))));
    }
    var known = SIMD.stream().filter(flags::contains).collect(Collectors.joining(" "));
    return known.isEmpty() ? "unknown on this system" : known;
  }

  private static String memory() {
    var heap = Runtime.getRuntime().maxMemory() >> 20;
    var system = ManagementFactory.getOperatingSystemMXBean();
    var all =
        system instanceof com.sun.management.OperatingSystemMXBean known
            ? known.getTotalMemorySize() >> 20
            : 0;
    return "%.1f GiB, of which Java's heap at most %.1f GiB".formatted(all / 1024.0, heap / 1024.0);
  }

  /** The most memory that this process has held so far, in bytes, where the system tells it. */
  static OptionalLong peakMemory() {
    return lines(Path.of("/proc/self/status"), "VmHWM").stream()
        .mapToLong(text -> 1024 * Long.parseLong(text.replaceAll("\\D", "")))
        .findFirst();
  }

  private static List<String> cpuinfo(String field) {
    return lines(Path.of("/proc/cpuinfo"), field);
  }

  private static List<String> lines(Path file, String field) {
    try (var lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith(field))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .toList();
    } catch (IOException e) {
      return List.of(); // no /proc here
    }
  }
}
