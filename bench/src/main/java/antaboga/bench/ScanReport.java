// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import antaboga.kernel.Cuda;
import antaboga.kernel.Providers;
import antaboga.mamba.ScanCase;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * Turns what JMH measured of the scan into a record, tables and plots.
 *
 * <pre>{@code
 * java -cp benchmarks.jar antaboga.bench.ScanReport RECORD.json COMMIT INPUT...
 * java -cp benchmarks.jar antaboga.bench.ScanReport RECORD.json
 * }</pre>
 *
 * <p>The first form makes the record: all inputs together, and with them processor, JDK, flags,
 * commit and the errors against the scan in double. Inputs are JMH's results, JUnit's reports
 * (*.xml), and the times that torch_scan.py took. Both forms write RECORD.md and, where the runs
 * are there, RECORD-roofline.png and RECORD-cost.png beside it.
 */
public final class ScanReport {
  private static final ObjectMapper JSON = new ObjectMapper();

  private ScanReport() {}

  /**
   * Makes or reads a record and reports it.
   *
   * @param args the record, and for a new one commit and inputs
   */
  public static void main(String[] args) throws IOException {
    if (args.length == 0 || args.length == 2) {
      throw new IllegalArgumentException("expected RECORD.json or RECORD.json COMMIT INPUT...");
    }
    var file = Path.of(args[0]);
    if (args.length > 1) {
      var inputs = List.of(args).subList(2, args.length).stream().map(Path::of).toList();
      JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), record(args[1], inputs));
    }
    var record = JSON.readTree(file.toFile());
    var runs = runs(record);
    Files.writeString(beside(file, ".md"), ScanTables.of(record, runs));
    var plots = new ScanPlots(title(record), runs);
    plots.roofline(beside(file, "-roofline.png"));
    plots.cost(beside(file, "-cost.png"));
  }

  private static Path beside(Path record, String ending) {
    var name = record.getFileName().toString().replaceFirst("\\.json$", "");
    return record.resolveSibling(name + ending);
  }

  static List<ScanRun> runs(JsonNode record) {
    var runs = new ArrayList<ScanRun>();
    record.path("runs").forEach(run -> runs.add(ScanRun.of(run)));
    return List.copyOf(runs);
  }

  /** Where, by what and when the record was made. */
  static String title(JsonNode record) {
    var commit = record.path("commit").asText().replaceFirst("^(.{9})[0-9a-f]*", "$1");
    return "%s, JDK %s, %s, %s"
        .formatted(
            record.path("processor").asText(),
            record.path("jdk").asText(),
            record.path("date").asText(),
            commit);
  }

  private static ObjectNode record(String commit, List<Path> inputs) throws IOException {
    var record = JSON.createObjectNode();
    record.put("date", LocalDate.now(ZoneOffset.UTC).toString());
    record.put("commit", commit);
    var all = record.arrayNode();
    var tests = new int[2];
    for (var input : inputs) {
      if (input.toString().endsWith(".xml")) {
        count(Files.readString(input), tests);
        continue;
      }
      var json = JSON.readTree(input.toFile());
      if (json instanceof ArrayNode array) {
        array.forEach(ScanReport::shorten);
        all.addAll(array);
      } else {
        record.set("torch", json);
      }
    }
    describe(record, all);
    if (tests[0] > 0) {
      record.putObject("tests").put("run", tests[0]).put("failed", tests[1]);
    }
    record.set("runs", all);
    var shapes = new TreeSet<String>();
    for (var run : runs(record)) {
      if (run.is(ScanRun.FORWARD)) {
        shapes.add(run.shape());
      }
    }
    for (var shape : shapes) {
      var errors = ScanCase.errors(shape);
      var of = record.withObject("/errors").putObject(shape);
      of.put("forward", errors.forward()).put("backward", errors.backward());
    }
    return record;
  }

  /** Leaves out the times of single calls, of which JMH gives quantiles, and where the JVM lies. */
  private static void shorten(JsonNode run) {
    run.findParents("rawDataHistogram").forEach(of -> ((ObjectNode) of).remove("rawDataHistogram"));
    ((ObjectNode) run).remove("jvm");
  }

  private static void describe(ObjectNode record, ArrayNode all) throws IOException {
    boolean device =
        all.findValuesAsText("benchmark").stream().anyMatch(x -> x.contains(ScanRun.DEVICE));
    boolean here = device && Cuda.unavailable().isEmpty();
    record.put("processor", here ? Cuda.first().description() : processor());
    var first = all.path(0);
    record.put("jdk", first.path("jdkVersion").asText());
    record.put("vm", first.path("vmName").asText() + " " + first.path("vmVersion").asText());
    record.set("flags", first.path("jvmArgs"));
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

  /** Adds up one report of JUnit: tests, and those that failed. */
  private static void count(String report, int[] tests) {
    var suite = report.substring(Math.max(0, report.indexOf("<testsuite ")));
    tests[0] += attribute(suite, "tests");
    tests[1] += attribute(suite, "failures") + attribute(suite, "errors");
  }

  private static int attribute(String suite, String name) {
    var found = java.util.regex.Pattern.compile(" " + name + "=\"(\\d+)\"").matcher(suite);
    return found.find() ? Integer.parseInt(found.group(1)) : 0;
  }
}
