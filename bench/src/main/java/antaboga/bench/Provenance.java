// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import antaboga.kernel.Providers;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;

/** Where, by what and when a record of benchmarks was made. */
final class Provenance {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Provenance() {}

  /** A new record of today. */
  static ObjectNode record(String commit) {
    var record = JSON.createObjectNode();
    record.put("date", LocalDate.now(ZoneOffset.UTC).toString());
    record.put("commit", commit);
    return record;
  }

  /** Adds the processor, and JDK and flags of JMH's first run. */
  static void describe(ObjectNode record, ArrayNode runs) throws IOException {
    record.put("processor", processor());
    var first = runs.path(0);
    record.put("jdk", first.path("jdkVersion").asText());
    record.put("vm", first.path("vmName").asText() + " " + first.path("vmVersion").asText());
    record.set("flags", first.path("jvmArgs"));
  }

  /** Leaves out the times of single calls, of which JMH gives quantiles, and where the JVM lies. */
  static void shorten(ArrayNode runs) {
    for (var run : runs) {
      run.findParents("rawDataHistogram")
          .forEach(of -> ((ObjectNode) of).remove("rawDataHistogram"));
      ((ObjectNode) run).remove("jvm");
    }
  }

  /** One line. */
  static String title(JsonNode record) {
    var commit = record.path("commit").asText().replaceFirst("^(.{9})[0-9a-f]*", "$1");
    return "%s, JDK %s, %s, %s"
        .formatted(
            record.path("processor").asText(),
            record.path("jdk").asText(),
            record.path("date").asText(),
            commit);
  }

  /** The file with the record's name and another ending. */
  static Path beside(Path record, String ending) {
    var name = record.getFileName().toString().replaceFirst("\\.json$", "");
    return record.resolveSibling(name + ending);
  }

  private static String processor() throws IOException {
    var info = Path.of("/proc/cpuinfo");
    var model =
        !Files.exists(info)
            ? System.getProperty("os.arch")
            : Files.readAllLines(info).stream()
                .filter(line -> line.startsWith("model name"))
                .findFirst()
                .map(line -> line.substring(line.indexOf(':') + 1).trim())
                .orElse(System.getProperty("os.arch"));
    int bits = Float.SIZE * Providers.lanes().orElse(1);
    return "%s, %d processors, vectors of %d bits"
        .formatted(model, Runtime.getRuntime().availableProcessors(), bits);
  }
}
