// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import static antaboga.bench.EngineReport.number;

import java.io.IOException;

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
  private EncoderReport() {}

  /**
   * Makes or reads a record and reports it.
   *
   * @param args the record, and for a new one commit and inputs
   */
  public static void main(String[] args) throws IOException {
    var report = EngineReport.of(args, "size");
    comparison(report);
    growth(report);
    report.save();
  }

  /** Both engines at the sizes that both ran. */
  private static void comparison(EngineReport report) {
    report.table("MedSAM's ViT-B, medians", "threads", "Antaboga", "ONNX Runtime", "ratio");
    for (int size : report.sizes("encode", EngineRun.THEIRS)) {
      var threads = report.threads();
      for (int n : threads) {
        var what = "encoder, %d px: s".formatted(size);
        report.sideBySide(what, "encode", size, n, "%.2f", run -> run.ms() / 1e3);
      }
      for (int n : threads) {
        var what = "peak memory, %d px: MB".formatted(size);
        report.sideBySide(what, "encode", size, n, "%.0f", EngineRun::peak);
      }
      for (int n : threads) {
        var what = "one more box, %d px: ms".formatted(size);
        report.sideBySide(what, "box", size, n, "%.1f", EngineRun::ms);
      }
    }
  }

  /** How this library's time and memory grow with the image. */
  private static void growth(EngineReport report) {
    int threads = report.threads().last();
    report.table(
        "image, px",
        "tokens",
        "encoder, %d threads: s".formatted(threads),
        "ms per token",
        "peak memory: MB");
    for (int size : report.sizes("encode", EngineRun.OURS)) {
      double ms = report.value("encode", EngineRun.OURS, size, threads, EngineRun::ms);
      double tokens = Math.pow(size / 16.0, 2);
      report.cells(
          Integer.toString(size),
          number("%.0f", tokens),
          number("%.2f", ms / 1e3),
          number("%.2f", ms / tokens),
          number("%.0f", report.value("encode", EngineRun.OURS, size, threads, EngineRun::peak)));
    }
  }
}
