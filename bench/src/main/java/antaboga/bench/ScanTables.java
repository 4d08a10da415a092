// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.StreamSupport;

/** The tables of a record, in Markdown. */
final class ScanTables {
  private static final int STATES = 16;

  private final JsonNode record;
  private final List<ScanRun> runs;
  private final StringBuilder text = new StringBuilder();

  private ScanTables(JsonNode record, List<ScanRun> runs) {
    this.record = record;
    this.runs = runs;
  }

  /** All tables for which there are runs. */
  static String of(JsonNode record, List<ScanRun> runs) {
    var tables = new ScanTables(record, runs);
    tables.text.append(Provenance.title(record)).append("\n");
    tables.comparison();
    tables.cost();
    tables.device();
    return tables.text.toString();
  }

  private void row(String... cells) {
    text.append("| ").append(String.join(" | ", cells)).append(" |\n");
  }

  private void head(String... cells) {
    text.append("\n");
    row(cells);
    text.append("|").append("---|".repeat(cells.length)).append("\n");
  }

  private static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }

  private static String number(String format, OptionalDouble value) {
    return value.isPresent() ? number(format, value.getAsDouble()) : "";
  }

  private static OptionalDouble ratio(OptionalDouble x, OptionalDouble y) {
    return x.isPresent() && y.isPresent()
        ? OptionalDouble.of(x.getAsDouble() / y.getAsDouble())
        : OptionalDouble.empty();
  }

  private OptionalDouble ns(String benchmark, String kernel, int threads, String shape) {
    return runs.stream()
        .filter(run -> run.benchmark().equals(benchmark) && run.kernel().equals(kernel))
        .filter(run -> run.threads() == threads && run.shape().equals(shape))
        .mapToDouble(ScanRun::ns)
        .findFirst();
  }

  /** The scan beside its roof and beside others, at the shapes of which the roof is known. */
  private void comparison() {
    var shapes = ScanRun.compared(runs);
    if (shapes.isEmpty()) {
      return;
    }
    head(
        "D x L (N 16)",
        "pass",
        "ns per update",
        "of the roof",
        "4 threads: ns",
        "times 1 thread",
        "times scalar",
        "times ND4J loop",
        "times libtorch",
        "4 threads: times libtorch",
        "largest error");
    for (var shape : shapes) {
      row(shape, "", ScanRun.ROOF, "", "roof");
      row(shape, "forward", ScanRun.FORWARD, "vector", "forward");
      row(shape, "backward", ScanRun.BACKWARD, "vector", "backward");
    }
    row("wanted", "forward", "", "65 %", "", "3.2", "10", "100", "60", "", "1e-5");
    row("", "backward", "", "25 %", "", "", "", "", "", "", "");
    text.append(
        "\nTimes are those of the fastest call. An update is one of D·L·N; the roof is the"
            + " time of its exponential alone. Errors are"
            + " |x - e| / (|e| + rms(e)) against e in double, backward those of the worst gradient."
            + " Backward is timed without its forward pass.\n");
  }

  private void row(String shape, String error, String benchmark, String kernel, String pass) {
    var one = ns(benchmark, kernel, 1, shape);
    var four = ns(benchmark, kernel, 4, shape);
    boolean scan = !kernel.isEmpty();
    boolean forward = benchmark.equals(ScanRun.FORWARD);
    var none = OptionalDouble.empty();
    var wrong = record.path("errors").path(shape).path(error);
    row(
        scan ? "" : shape,
        pass,
        number("%.3f", one),
        scan ? number("%.0f %%", percent(ratio(ns(ScanRun.ROOF, "", 1, shape), one))) : "",
        number("%.3f", four),
        number("%.1f", ratio(one, four)),
        scan ? number("%.0f", ratio(ns(benchmark, "scalar", 1, shape), one)) : "",
        number("%.0f", forward ? ratio(ns(ScanRun.ND4J, "", 1, shape), one) : none),
        number("%.0f", forward ? ratio(ns(ScanRun.LIBTORCH, "", 1, shape), one) : none),
        number("%.0f", forward ? ratio(ns(ScanRun.LIBTORCH, "", 4, shape), four) : none),
        wrong.isNumber() ? number("%.0e", wrong.asDouble()) : "");
  }

  private static OptionalDouble percent(OptionalDouble share) {
    return share.isPresent() ? OptionalDouble.of(100 * share.getAsDouble()) : share;
  }

  /** How the time of an update changes with one size, all else equal. */
  private void cost() {
    var lines = CostLine.of(runs);
    if (lines.isEmpty()) {
      return;
    }
    var names = new ArrayList<>(List.of("ns per update"));
    var sizes = new TreeSet<Integer>();
    for (var line : lines) {
      names.add(line.name());
      sizes.addAll(line.ns().keySet());
    }
    head(names.toArray(String[]::new));
    for (int size : sizes) {
      var cells = new ArrayList<>(List.of(Integer.toString(size)));
      for (var line : lines) {
        var ns = line.ns().get(size);
        cells.add(ns == null ? "" : number("%.3f", ns));
      }
      row(cells.toArray(String[]::new));
    }
    text.append("\nLargest errors of all these shapes: ")
        .append(number("%.0e forward, ", worst("forward")))
        .append(number("%.0e backward.\n", worst("backward")));
  }

  private OptionalDouble worst(String pass) {
    return StreamSupport.stream(record.path("errors").spliterator(), false)
        .mapToDouble(errors -> errors.path(pass).asDouble())
        .max();
  }

  /** Bytes that a pass on a device must read or write, in floats for each element of u. */
  private static final Map<String, Double> TOUCHED =
      new TreeMap<>(
          Map.of(
              "forward", 3.0, // u, delta, y
              "forwardKept", 3 + STATES / 16.0, // and the states at borders
              "backward", 5 + STATES / 16.0)); // u, delta, dy, du, ddelta, borders

  /** Each pass on a device beside its bound: a copy of its bytes, or its exponentials. */
  private void device() {
    var shapes = new TreeMap<String, TreeMap<String, Double>>();
    for (var run : runs) {
      if (run.benchmark().startsWith(ScanRun.DEVICE)) {
        shapes
            .computeIfAbsent(run.shape() + " | " + run.plan(), key -> new TreeMap<>())
            .put(run.benchmark().substring(ScanRun.DEVICE.length()), run.us());
      }
    }
    if (shapes.isEmpty()) {
      return;
    }
    head("B x D x L", "plan", "pass", "us", "bound us", "of the bound", "times PyTorch");
    shapes.forEach(
        (shape, us) -> TOUCHED.forEach((pass, floats) -> device(shape, pass, floats, us)));
    var tests = record.path("tests");
    text.append(
        "\nTests on the device: %s, failed: %s.\n"
            .formatted(tests.path("run").asText("none"), tests.path("failed").asText("none")));
  }

  private void device(String shape, String pass, double floats, Map<String, Double> us) {
    var own = us.get(pass);
    var copy = us.get("copy"); // reads one float and writes one
    var exponentials = us.get("exponentials");
    if (own == null || copy == null || exponentials == null) {
      return;
    }
    double bound = Math.max(copy * floats / 2, exponentials);
    row(
        shape,
        pass,
        number("%.1f", own),
        number("%.1f", bound),
        number("%.0f %%", 100 * bound / own),
        number("%.0f", ratio(torch(shape, pass), OptionalDouble.of(own))));
  }

  private OptionalDouble torch(String shape, String pass) {
    for (var result : record.path("torch").path("results")) {
      if (shape.startsWith(result.path("shape").asText() + " ")
          && result.path("pass").asText().equals(pass)) {
        return OptionalDouble.of(result.path("us").asDouble());
      }
    }
    return OptionalDouble.empty();
  }
}
