// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import antaboga.kernel.Cuda;
import antaboga.mamba.ScanCase;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
    Files.writeString(Provenance.beside(file, ".md"), ScanTables.of(record, runs));
    var plots = new ScanPlots(Provenance.title(record), runs);
    plots.roofline(Provenance.beside(file, "-roofline.png"));
    plots.cost(Provenance.beside(file, "-cost.png"));
  }

  static List<ScanRun> runs(JsonNode record) {
    var runs = new ArrayList<ScanRun>();
    record.path("runs").forEach(run -> runs.add(ScanRun.of(run)));
    return List.copyOf(runs);
  }

  private static ObjectNode record(String commit, List<Path> inputs) throws IOException {
    var record = Provenance.record(commit);
    var all = record.arrayNode();
    var tests = new int[2];
    for (var input : inputs) {
      if (input.toString().endsWith(".xml")) {
        count(Files.readString(input), tests);
        continue;
      }
      var json = JSON.readTree(input.toFile());
      if (json instanceof ArrayNode array) {
        Provenance.shorten(array);
        all.addAll(array);
      } else {
        record.set("torch", json);
      }
    }
    Provenance.describe(record, all);
    boolean device =
        all.findValuesAsText("benchmark").stream().anyMatch(x -> x.contains(ScanRun.DEVICE));
    if (device && Cuda.unavailable().isEmpty()) {
      record.put("processor", Cuda.first().description());
    }
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
