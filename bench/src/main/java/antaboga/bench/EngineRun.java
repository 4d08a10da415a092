// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.stream.StreamSupport;

/**
 * One entry of JMH's result: an engine at work.
 *
 * @param size of the image or the batch, as the benchmark has it
 * @param ms the median of single calls
 * @param peak the most physical memory, MB
 */
record EngineRun(String method, String engine, int size, int threads, double ms, double peak) {
  /** This library. */
  static final String OURS = "antaboga";

  /** What it is compared with. */
  static final String THEIRS = "onnxruntime";

  /**
   * One entry.
   *
   * @param size the parameter that is the size
   * @throws IllegalArgumentException if there are no times, or in another unit than ms
   */
  static EngineRun of(JsonNode json, String size) {
    var name = json.path("benchmark").asText();
    var params = json.path("params");
    var metric = json.path("primaryMetric");
    var unit = metric.path("scoreUnit").asText();
    boolean sampled = json.path("mode").asText().equals("sample");
    var times =
        StreamSupport.stream(metric.path("rawData").spliterator(), false)
            .flatMap(fork -> StreamSupport.stream(fork.spliterator(), false))
            .mapToDouble(JsonNode::asDouble)
            .sorted()
            .toArray();
    if ((times.length == 0 && !sampled) || !unit.equals("ms/op")) {
      throw new IllegalArgumentException(
          "%s: %d times in %s, expected some in ms/op".formatted(name, times.length, unit));
    }
    return new EngineRun(
        name.substring(name.lastIndexOf('.') + 1),
        params.path("engine").asText(OURS),
        params.path(size).asInt(),
        params.path("threads").asInt(),
        sampled
            ? metric.path("scorePercentiles").path("50.0").asDouble()
            : (times[(times.length - 1) / 2] + times[times.length / 2]) / 2,
        json.path("secondaryMetrics").path(PeakMemory.NAME).path("score").asDouble(Double.NaN));
  }
}
