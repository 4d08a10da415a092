// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import static antaboga.bench.EngineReport.number;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Turns what JMH measured of {@link StudentBenchmark} and {@link StudentStepBenchmark} into a
 * record and its tables.
 *
 * <pre>{@code
 * java -cp benchmarks.jar antaboga.bench.StudentReport RECORD.json COMMIT INPUT...
 * java -cp benchmarks.jar antaboga.bench.StudentReport RECORD.json
 * }</pre>
 *
 * <p>The first form makes the record from JMH's results and the costs of steps; both write
 * RECORD.md beside it.
 */
public final class StudentReport {
  /** The kernels of a step, by the operations that they compute. */
  private static final Map<String, List<String>> KERNELS = new LinkedHashMap<>();

  static {
    KERNELS.put("scan", List.of("Scan"));
    KERNELS.put("products", List.of("Linear", "MatMul"));
    KERNELS.put("convolution", List.of("Conv2d", "Depthwise2d"));
    KERNELS.put("normalisation", List.of("LayerNorm"));
  }

  private StudentReport() {}

  /**
   * Makes or reads a record and reports it.
   *
   * @param args the record, and for a new one commit and inputs
   */
  public static void main(String[] args) throws IOException {
    var report = EngineReport.of(args, "batch");
    report.table("student, 256 px, medians", "threads", "Antaboga", "ONNX Runtime", "ratio");
    for (int batch : report.sizes("segment", EngineRun.THEIRS)) {
      var images = batch == 1 ? "1 image" : batch + " images";
      for (int threads : report.threads()) {
        var what = "inference, %s: ms".formatted(images);
        report.sideBySide(what, "segment", batch, threads, "%.0f", EngineRun::ms);
      }
      for (int threads : report.threads()) {
        var what = "peak memory, %s: MB".formatted(images);
        report.sideBySide(what, "segment", batch, threads, "%.0f", EngineRun::peak);
      }
    }
    report.table(
        "training step, 256 px",
        "threads",
        "s",
        "scan %",
        "products %",
        "convolution %",
        "normalisation %",
        "the rest %");
    report.costs().forEach(step -> shares(report, step));
    report.save();
  }

  private static void shares(EngineReport report, JsonNode step) {
    int batch = step.path("batch").asInt();
    int threads = step.path("threads").asInt();
    double all = 0;
    var kinds = new LinkedHashMap<String, Double>();
    KERNELS.keySet().forEach(kind -> kinds.put(kind, 0.0));
    for (var row : step.path("operations")) {
      double ms = row.path("forward").asDouble() + row.path("backward").asDouble();
      var operation = row.path("operation").asText();
      all += ms;
      KERNELS.forEach(
          (kind, operations) ->
              kinds.computeIfPresent(
                  kind, (k, sum) -> operations.contains(operation) ? sum + ms : sum));
    }
    double rest = all - kinds.values().stream().mapToDouble(Double::doubleValue).sum();
    kinds.put("the rest", rest);
    var cells = new ArrayList<String>();
    cells.add("batch " + batch);
    cells.add(Integer.toString(threads));
    cells.add(
        number("%.2f", report.value("step", EngineRun.OURS, batch, threads, EngineRun::ms) / 1e3));
    for (double ms : kinds.values()) {
      cells.add(number("%.1f", 100 * ms / all));
    }
    report.cells(cells.toArray(String[]::new));
  }
}
