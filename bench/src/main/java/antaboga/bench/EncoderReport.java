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
import java.util.stream.StreamSupport;

/**
 * Turns what JMH measured of {@link EncoderBenchmark} into a record and its tables.
 *
 * <pre>{@code
 * java -cp benchmarks.jar antaboga.bench.EncoderReport RECORD.json COMMIT INPUT...
 * java -cp benchmarks.jar antaboga.bench.EncoderReport RECORD.json
 * }</pre>
 *
 * <p>The first form makes the record from JMH's results; both write RECORD.md beside it.
 */
public final class EncoderReport {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String OURS = "antaboga";
  private static final String THEIRS = "onnxruntime";

  private final List<Run> runs;
  private final StringBuilder text = new StringBuilder();

  /**
   * One entry of JMH's result.
   *
   * @param ms the median of single calls
   * @param peak the most physical memory, MB
   */
  record Run(String method, String engine, int size, int threads, double ms, double peak) {
    static Run of(JsonNode json) {
      var name = json.path("benchmark").asText();
      var params = json.path("params");
      var times =
          StreamSupport.stream(json.path("primaryMetric").path("rawData").spliterator(), false)
              .flatMap(fork -> StreamSupport.stream(fork.spliterator(), false))
              .mapToDouble(JsonNode::asDouble)
              .sorted()
              .toArray();
      var unit = json.path("primaryMetric").path("scoreUnit").asText();
      if (times.length == 0 || !unit.equals("ms/op")) {
        throw new IllegalArgumentException(
            "%s: %d times in %s, expected some in ms/op".formatted(name, times.length, unit));
      }
      return new Run(
          name.substring(name.lastIndexOf('.') + 1),
          params.path("engine").asText(),
          params.path("size").asInt(),
          params.path("threads").asInt(),
          (times[(times.length - 1) / 2] + times[times.length / 2]) / 2,
          json.path("secondaryMetrics").path(PeakMemory.NAME).path("score").asDouble(Double.NaN));
    }
  }

  private EncoderReport(List<Run> runs) {
    this.runs = runs;
  }

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
      var record = Provenance.record(args[1]);
      var all = record.arrayNode();
      for (var input : List.of(args).subList(2, args.length)) {
        var results = (ArrayNode) JSON.readTree(Path.of(input).toFile());
        Provenance.shorten(results);
        results.forEach(run -> ((ObjectNode) run.path("params")).remove("files"));
        all.addAll(results);
      }
      Provenance.describe(record, all);
      record.set("runs", all);
      JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), record);
    }
    var record = JSON.readTree(file.toFile());
    var runs = new ArrayList<Run>();
    record.path("runs").forEach(run -> runs.add(Run.of(run)));
    var report = new EncoderReport(runs);
    report.text.append(Provenance.title(record)).append("\n");
    report.comparison();
    report.growth();
    Files.writeString(Provenance.beside(file, ".md"), report.text);
  }

  /** Both engines at the sizes that both ran. */
  private void comparison() {
    text.append(
        """

        | MedSAM's ViT-B, medians | threads | Antaboga | ONNX Runtime | ratio |
        |---|---|---|---|---|
        """);
    for (int size : sizes(THEIRS)) {
      for (int threads : threads()) {
        row("encoder, %d px: s".formatted(size), "encode", size, threads, "%.2f", r -> r.ms / 1e3);
      }
      for (int threads : threads()) {
        row("peak memory, %d px: MB".formatted(size), "encode", size, threads, "%.0f", Run::peak);
      }
      for (int threads : threads()) {
        row("one more box, %d px: ms".formatted(size), "box", size, threads, "%.1f", Run::ms);
      }
    }
  }

  private void row(
      String what, String method, int size, int threads, String form, ToDoubleFunction<Run> value) {
    double ours = value(method, OURS, size, threads, value);
    double theirs = value(method, THEIRS, size, threads, value);
    if (!Double.isNaN(ours) && !Double.isNaN(theirs)) {
      cells(
          what,
          Integer.toString(threads),
          number(form, ours),
          number(form, theirs),
          number("%.2f", ours / theirs));
    }
  }

  /** How this library's time and memory grow with the image. */
  private void growth() {
    int threads = threads().last();
    text.append(
        """

        | image, px | tokens | encoder, %d threads: s | ms per token | peak memory: MB |
        |---|---|---|---|---|
        """
            .formatted(threads));
    for (int size : sizes(OURS)) {
      double ms = value("encode", OURS, size, threads, Run::ms);
      double tokens = Math.pow(size / 16.0, 2);
      cells(
          Integer.toString(size),
          number("%.0f", tokens),
          number("%.2f", ms / 1e3),
          number("%.2f", ms / tokens),
          number("%.0f", value("encode", OURS, size, threads, Run::peak)));
    }
  }

  private double value(
      String method, String engine, int size, int threads, ToDoubleFunction<Run> value) {
    return runs.stream()
        .filter(run -> run.method.equals(method) && run.engine.equals(engine))
        .filter(run -> run.size == size && run.threads == threads)
        .mapToDouble(value)
        .findFirst()
        .orElse(Double.NaN);
  }

  private NavigableSet<Integer> sizes(String engine) {
    var sizes = new TreeSet<Integer>();
    runs.stream()
        .filter(run -> run.engine.equals(engine) && run.method.equals("encode"))
        .forEach(run -> sizes.add(run.size));
    return sizes;
  }

  private NavigableSet<Integer> threads() {
    var threads = new TreeSet<Integer>();
    runs.forEach(run -> threads.add(run.threads));
    return threads;
  }

  private void cells(String... cells) {
    text.append("| ").append(String.join(" | ", cells)).append(" |\n");
  }

  private static String number(String format, double value) {
    return Double.isNaN(value) ? "" : String.format(Locale.ROOT, format, value);
  }
}
