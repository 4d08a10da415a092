// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import antaboga.Parameter;
import antaboga.io.OnnxGraph;
import antaboga.io.OnnxValue;
import java.util.List;
import java.util.Map;

/**
 * Selective scans as one {@code Scan} of ONNX over time, K of them side by side; B images, D inner
 * channels, N states, L steps.
 */
record ScanGraph(OnnxGraph graph, int scans, long inner, long states) {
  /**
   * The outputs without D's part, (L, K, B, D): {@code h = exp(δ A) h + δ u B, y = C h}.
   *
   * @param u (L, K, B, D)
   * @param delta (L, K, B, D), positive
   * @param aLog (K·D, N): A = -exp(aLog)
   * @param b (L, K, B, N)
   * @param c (L, K, B, N)
   */
  OnnxValue of(OnnxValue u, OnnxValue delta, Parameter aLog, OnnxValue b, OnnxValue c) {
    var rates = graph.parameter(aLog).apply("Exp").apply("Neg").reshape(scans, 1, inner, states);
    var step = graph.inner("scan");
    var channels = "%d B %d".formatted(scans, inner);
    var state = step.input("state", channels + " " + states);
    var input = step.input("u", channels);
    var length = step.input("delta", channels);
    var in = step.input("b", "%d B %d".formatted(scans, states));
    var out = step.input("c", "%d B %d".formatted(scans, states));
    var next =
        length
            .unsqueeze(3)
            .mul(rates)
            .apply("Exp")
            .mul(state)
            .add(length.mul(input).unsqueeze(3).mul(in.unsqueeze(2)));
    step.output("next", next, channels + " " + states);
    step.output("y", next.matmul(out.unsqueeze(3)).reshape(scans, -1, inner), channels);
    var attributes = Map.of("body", step, "num_scan_inputs", 4);
    return graph.apply("Scan", List.of(start(u), u, delta, b, c), attributes, 2).get(1);
  }

  private OnnxValue start(OnnxValue u) {
    var images = u.apply("Shape").slice(0, 2, 3);
    var shape = List.of(graph.integers(scans), images, graph.integers(inner, states));
    return graph.apply("Expand", List.of(graph.scalar(0), OnnxValue.concat(0, shape)), Map.of());
  }
}
