// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;

/** A record of engines at work, and its tables, side by side. */
final class EngineReport {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String COSTS = "costs";
  private static final String METRIC = "primaryMetric";
  private static final String TIMES = "rawData"; // lists of forks

  private final Path file;
  private final JsonNode record;
  private final List<EngineRun> runs = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();

  private EngineReport(Path file, JsonNode record, String size) {
    this.file = file;
    this.record = record;
    record.path("runs").forEach(run -> runs.add(EngineRun.of(run, size)));
    text.append(Provenance.title(record)).append("\n");
  }

  /**
   * Makes or reads a record.
   *
   * @param args the record, and for a new one commit, JMH's results and the costs of steps
   * @param size the benchmark's parameter that is the size
   */
  static EngineReport of(String[] args, String size) throws IOException {
    if (args.length == 0 || args.length == 2) {
      throw new IllegalArgumentException("expected RECORD.json or RECORD.json COMMIT INPUT...");
    }
    var file = Path.of(args[0]);
    if (args.length > 1) {
      var record = Provenance.record(args[1]);
      var all = record.arrayNode();
      for (var input : List.of(args).subList(2, args.length)) {
        var json = JSON.readTree(Path.of(input).toFile());
        if (!(json instanceof ArrayNode results)) {
          record.withArray(COSTS).add(json);
          continue;
        }
        Provenance.shorten(results);
        results.forEach(run -> ((ObjectNode) run.path("params")).remove("files"));
        results.forEach(run -> add(all, run));
      }
      Provenance.describe(record, all);
      record.set("runs", all);
      JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), record);
    }
    return new EngineReport(file, JSON.readTree(file.toFile()), size);
  }

  /** Adds a run; the times of one that ran in an earlier round join those. */
  private static void add(ArrayNode all, JsonNode run) {
    for (var known : all) {
      if (isSame(known, run)) {
        ((ArrayNode) known.path(METRIC).path(TIMES))
            .addAll((ArrayNode) run.path(METRIC).path(TIMES));
        var peak = known.path("secondaryMetrics").path(PeakMemory.NAME);
        double other = run.path("secondaryMetrics").path(PeakMemory.NAME).path("score").asDouble();
        if (peak instanceof ObjectNode most && other > peak.path("score").asDouble()) {
          most.put("score", other);
        }
        return;
      }
    }
    all.add(run);
  }

  private static boolean isSame(JsonNode one, JsonNode other) {
    return one.path("benchmark").equals(other.path("benchmark"))
        && one.path("params").equals(other.path("params"))
        && one.path(METRIC).path(TIMES).isArray();
  }

  /** The costs of steps, as they came. */
  JsonNode costs() {
    return record.path(COSTS);
  }

  /** Writes the tables beside the record. */
  void save() throws IOException {
    Files.writeString(Provenance.beside(file, ".md"), text);
  }

  /** Begins a table. */
  void table(String... heads) {
    text.append("\n");
    cells(heads);
    text.append("|---".repeat(heads.length)).append("|\n");
  }

  /** A row of a table. */
  void cells(String... cells) {
    text.append("| ").append(String.join(" | ", cells)).append(" |\n");
  }

  /** A row of both engines and their ratio, if both ran: what it is, threads, ours, theirs. */
  void sideBySide(
      String what,
      String method,
      int size,
      int threads,
      String form,
      ToDoubleFunction<EngineRun> value) {
    double ours = value(method, EngineRun.OURS, size, threads, value);
    double theirs = value(method, EngineRun.THEIRS, size, threads, value);
    if (!Double.isNaN(ours) && !Double.isNaN(theirs)) {
      cells(
          what,
          Integer.toString(threads),
          number(form, ours),
          number(form, theirs),
          number("%.2f", ours / theirs));
    }
  }

  /** A value of the run of that method, engine, size and threads; NaN if there is none. */
  double value(
      String method, String engine, int size, int threads, ToDoubleFunction<EngineRun> value) {
    return runs.stream()
        .filter(run -> run.method().equals(method) && run.engine().equals(engine))
        .filter(run -> run.size() == size && run.threads() == threads)
        .mapToDouble(value)
        .findFirst()
        .orElse(Double.NaN);
  }

  /** The sizes that an engine ran. */
  NavigableSet<Integer> sizes(String method, String engine) {
    var sizes = new TreeSet<Integer>();
    runs.stream()
        .filter(run -> run.engine().equals(engine) && run.method().equals(method))
        .forEach(run -> sizes.add(run.size()));
    return sizes;
  }

  /** All numbers of threads. */
  NavigableSet<Integer> threads() {
    var threads = new TreeSet<Integer>();
    runs.forEach(run -> threads.add(run.threads()));
    return threads;
  }

  /** A number for a cell, which stays empty for NaN. */
  static String number(String format, double value) {
    return Double.isNaN(value) ? "" : String.format(Locale.ROOT, format, value);
  }
}
