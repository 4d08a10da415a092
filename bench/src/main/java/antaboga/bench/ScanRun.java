// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import antaboga.mamba.ScanCase;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.stream.StreamSupport;

/**
 * One time that JMH measured.
 *
 * @param benchmark class and method
 * @param kernel empty where there is no choice
 * @param shape as it was given
 * @param plan of a kernel on a device, else empty
 * @param us microseconds of one call, in the fastest iteration: what else the machine does only
 *     adds
 */
record ScanRun(String benchmark, String kernel, int threads, String shape, String plan, double us) {
  /** The time of the exponentials alone. */
  static final String ROOF = "ExponentialBenchmark.exponentials";

  static final String COPY = "CopyBenchmark.copy";
  static final String FORWARD = "ScanBenchmark.forward";
  static final String BACKWARD = "ScanBenchmark.backward";
  static final String ND4J = "Nd4jScanBenchmark.loop";
  static final String LIBTORCH = "LibtorchScanBenchmark.composed";
  static final String DEVICE = "DeviceScanBenchmark.";

  /**
   * One entry of JMH's result.
   *
   * @throws IllegalArgumentException if its time is not in microseconds
   */
  static ScanRun of(JsonNode json) {
    var full = json.path("benchmark").asText();
    var name = full.substring(full.lastIndexOf('.', full.lastIndexOf('.') - 1) + 1);
    var metric = json.path("primaryMetric");
    var unit = metric.path("scoreUnit").asText();
    if (!unit.equals("us/op")) {
      throw new IllegalArgumentException(
          "%s: unit %s, expected us/op (JMH without -bm and -tu)".formatted(name, unit));
    }
    var params = json.path("params");
    return new ScanRun(
        name,
        params.path("kernel").asText(),
        params.path("threads").asInt(1),
        params.path("shape").asText(),
        params.path("plan").asText(),
        json.path("mode").asText().equals("sample")
            ? metric.path("scorePercentiles").path("0.0").asDouble()
            : fastest(metric));
  }

  private static double fastest(JsonNode metric) {
    return StreamSupport.stream(metric.path("rawData").spliterator(), false)
        .flatMap(fork -> StreamSupport.stream(fork.spliterator(), false))
        .mapToDouble(JsonNode::asDouble)
        .min()
        .orElseThrow(() -> new IllegalArgumentException("no times in " + metric));
  }

  /** Whether it is this benchmark, of the vector kernel where there is a choice. */
  boolean is(String name) {
    return benchmark.equals(name) && !kernel.equals("scalar");
  }

  /** D, L and N. */
  List<Integer> sizes() {
    return ScanCase.sizes(shape);
  }

  /** Nanoseconds of one of the D·L·N updates of a state. */
  double ns() {
    return 1000 * us / sizes().stream().mapToDouble(x -> x).reduce(1, (x, y) -> x * y);
  }

  /** The shapes of which the roof is known, in their order. */
  static List<String> compared(List<ScanRun> runs) {
    return runs.stream().filter(run -> run.is(ROOF)).map(ScanRun::shape).distinct().toList();
  }
}
