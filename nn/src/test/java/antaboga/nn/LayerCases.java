// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.golden.Check;
import antaboga.golden.GoldenCase;
import antaboga.golden.GoldenRunner;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Claims the golden cases of layers. */
final class LayerCases {
  private LayerCases() {}

  static void claim(GoldenRunner runner) {
    runner.claim("SAM LayerNorm2d.*", LayerCases::layerNorm2d);
    runner.claim("nn\\.MultiheadAttention.*", LayerCases::multiheadAttention);
  }

  private static void layerNorm2d(GoldenCase c, Check check) {
    var weights = Weights.from(Map.of("weight", c.input("weight"), "bias", c.input("bias")));
    var norm = new LayerNorm2d(weights, c.input("weight").length(), Numbers.number(c, "eps", 1e-6));
    try (var tape = new Tape(0)) {
      var x = tape.watch(Tensor.of(c.input("x")));
      var out = norm.forward(x);
      check.output("out", out.array());
      var back = tape.gradients(out, Tensor.of(c.upstream().get("gout")));
      check.grad("dx", back.of(x).orElseThrow().array());
      check.grad("dweight", back.of(norm.weight()).orElseThrow().array());
      check.grad("dbias", back.of(norm.bias()).orElseThrow().array());
    }
  }

  private static void multiheadAttention(GoldenCase c, Check check) {
    var weights = Weights.from(new LinkedHashMap<String, INDArray>(c.weights().all()));
    var layer =
        new MultiheadAttention(
            weights, c.params().get("embed").asLong(), c.params().get("heads").asInt());
    weights.requireAllUsed();
    var attended =
        layer.attend(
            Tensor.of(c.input("query")), Tensor.of(c.input("key")), Tensor.of(c.input("value")));
    check.output("out", attended.output().array());
    check.output("attn", attended.weights().array());
  }
}
