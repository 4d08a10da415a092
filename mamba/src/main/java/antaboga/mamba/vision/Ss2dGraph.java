// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import antaboga.io.OnnxGraph;
import antaboga.io.OnnxValue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The four scans of {@link Ss2d} side by side: K = 4, D inner channels, N states, R factors of
 * delta, L positions.
 */
record Ss2dGraph(OnnxGraph graph, Ss2d layer) {
  private static final int SCANS = 4;

  /** From the convolved tokens (B L, D) to the sum of the scans' outputs, (B L, D). */
  OnnxValue of(OnnxValue rows, int height, int width) {
    var config = layer.config();
    long length = (long) height * width;
    long inner = config.inner();
    long states = config.state();
    long rank = config.deltaRank();
    var orders = config.path().orders(height, width);
    var parts = // by position: factors of delta, then B, then C, for each scan
        rows.linear(graph.parameter(layer.xProj()).reshape(-1, inner))
            .reshape(-1, length, SCANS, rank + 2 * states);
    var p = ordered(orders, parts(parts)); // (K, B, L, R + 2N)
    var delta = overTime(delta(p.slice(3, 0, rank), length));
    var b = overTime(p.slice(3, rank, rank + states));
    var c = overTime(p.slice(3, rank + states, rank + 2 * states));
    var inputs = overTime(ordered(orders, List.of(rows.reshape(-1, length, inner))));
    var skip = inputs.mul(graph.parameter(layer.ds()).reshape(SCANS, 1, inner));
    var scan = new ScanGraph(graph, SCANS, inner, states);
    return summed(orders, scan.of(inputs, delta, layer.aLogs(), b, c).add(skip), length);
  }

  private static List<OnnxValue> parts(OnnxValue parts) {
    var each = new ArrayList<OnnxValue>();
    for (int k = 0; k < SCANS; k++) {
      each.add(parts.index(2, k));
    }
    return each;
  }

  // values (B, L, ·) in each scan's order of time: (K, B, L, ·)
  private static OnnxValue ordered(List<int[]> orders, List<OnnxValue> values) {
    var each = new ArrayList<OnnxValue>();
    for (int k = 0; k < SCANS; k++) {
      var value = values.get(k % values.size());
      each.add(value.gather(1, Arrays.stream(orders.get(k)).asLongStream().toArray()).unsqueeze(0));
    }
    return OnnxValue.concat(0, each);
  }

  // softplus(factors weight^T + bias): (K, B, L, R) to (K, B, L, D)
  private OnnxValue delta(OnnxValue factors, long length) {
    long inner = layer.config().inner();
    long rank = layer.config().deltaRank();
    var weight = graph.parameter(layer.deltaProj()).reshape(SCANS, inner, rank).permute(0, 2, 1);
    var bias = graph.parameter(layer.deltaBias()).reshape(SCANS, 1, inner);
    return factors
        .reshape(SCANS, -1, rank)
        .matmul(weight)
        .add(bias)
        .apply("Softplus")
        .reshape(SCANS, -1, length, inner);
  }

  // (K, B, L, ·) to (L, K, B, ·)
  private static OnnxValue overTime(OnnxValue x) {
    return x.permute(2, 0, 1, 3);
  }

  // (L, K, B, D) back in place and summed: (B L, D)
  private OnnxValue summed(List<int[]> orders, OnnxValue y, long length) {
    long inner = layer.config().inner();
    var scans = y.permute(1, 2, 0, 3).split(0, SCANS);
    var sum = inPlace(orders.get(0), scans.get(0), length, inner);
    for (int k = 1; k < SCANS; k++) {
      sum = sum.add(inPlace(orders.get(k), scans.get(k), length, inner));
    }
    return sum.reshape(-1, inner);
  }

  private static OnnxValue inPlace(int[] order, OnnxValue y, long length, long inner) {
    var times = new long[order.length];
    for (int t = 0; t < order.length; t++) {
      times[order[t]] = t;
    }
    return y.reshape(-1, length, inner).gather(1, times);
  }
}
