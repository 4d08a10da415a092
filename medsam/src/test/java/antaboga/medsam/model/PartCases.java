// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Parameter;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.golden.Check;
import antaboga.golden.GoldenCase;
import antaboga.golden.GoldenRunner;
import antaboga.medsam.model.TwoWayBlock.Pair;
import antaboga.nn.Init;
import antaboga.nn.Linear;
import antaboga.nn.Weights;
import java.util.HashMap;
import java.util.Optional;
import java.util.regex.Pattern;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Golden cases of the model's parts. */
public final class PartCases {
  private static final Pattern DOWNSCALE = Pattern.compile("downsample_rate (\\d+)");

  private PartCases() {}

  /** Claims the cases of this class. */
  public static void claim(GoldenRunner runner) {
    runner
        .claim("image_encoder\\.Attention.*", PartCases::attention)
        .claim("get_rel_pos.*", PartCases::relativePositions)
        .claim("window_partition.*", PartCases::windows)
        .claim("TwoWayAttentionBlock.*", PartCases::twoWayBlock)
        .claim("PositionEmbeddingRandom.*", PartCases::positionEmbedding);
  }

  private static void attention(GoldenCase c, Check check) {
    var arrays = new HashMap<String, INDArray>();
    for (var name : c.inputs().names()) {
      if (!name.equals("x")) { // the set writes '.' as '_'
        arrays.put(name.replaceFirst("_(weight|bias)$", ".$1"), c.input(name));
      }
    }
    var w = Weights.from(arrays);
    int width = c.params().get("dim").asInt();
    var attention =
        new RelPosAttention(
            new Linear(w.at("qkv"), width, 3L * width),
            new Linear(w.at("proj"), width, width),
            table(c, w, "rel_pos_h"),
            table(c, w, "rel_pos_w"),
            c.params().get("heads").asInt());
    try (var tape = new Tape(0)) {
      var x = tape.watch(Tensor.of(c.input("x")));
      var out = attention.forward(x);
      check.output("out", out.array());
      var gradients = tape.gradients(out, Tensor.of(c.upstream().get("gout")));
      check.grad("dx", gradients.of(x).orElseThrow().array());
      for (var parameter : w.all()) {
        check.grad(
            "d" + parameter.name().replace('.', '_'),
            gradients.of(parameter).orElseThrow().array());
      }
    }
  }

  private static Optional<Parameter> table(GoldenCase c, Weights w, String name) {
    return c.params().get("rel_pos").asBoolean()
        ? Optional.of(w.get(name, Init.zeros(), c.inputs().array(name).shape()))
        : Optional.empty();
  }

  private static void relativePositions(GoldenCase c, Check check) {
    try (var tape = new Tape(0)) {
      var table = tape.watch(Tensor.of(c.input("rel_pos")));
      var out =
          RelativePositions.of(
              table, c.params().get("q_size").asInt(), c.params().get("k_size").asInt());
      check.output("out", out.array());
      var gradients = tape.gradients(out, Tensor.of(c.upstream().get("gout")));
      check.grad("drel_pos", gradients.of(table).orElseThrow().array());
    }
  }

  private static void windows(GoldenCase c, Check check) {
    var windows = new Windows(c.params().get("window").asInt());
    var x = Tensor.of(c.input("x"));
    var parts = windows.partition(x);
    check.output("windows", parts.array());
    check.output("back", windows.join(parts, x.size(1), x.size(2)).array());
  }

  private static void twoWayBlock(GoldenCase c, Check check) {
    var matcher = DOWNSCALE.matcher(c.function());
    var block =
        new TwoWayBlock(
            Weights.from(c.weights().all()),
            c.params().get("dim").asInt(),
            c.params().get("heads").asInt(),
            c.params().get("mlp").asInt(),
            matcher.find() ? Integer.parseInt(matcher.group(1)) : 2,
            c.params().get("skip_first_layer_pe").asBoolean());
    var image = Tensor.of(c.input("keys"));
    var out =
        block.forward(
            new Pair(Tensor.of(c.input("queries")), image),
            image.add(Tensor.of(c.input("key_pe"))),
            Tensor.of(c.input("query_pe")));
    check.output("queries", out.tokens().array());
    check.output("keys", out.image().array());
  }

  private static void positionEmbedding(GoldenCase c, Check check) {
    var embedding =
        new PositionEmbedding(new Parameter("gaussian", c.weights().get("gaussian"), false));
    int height = c.params().get("grid").get(0).asInt();
    int width = c.params().get("grid").get(1).asInt();
    check.output(
        "grid", embedding.grid(height, width).permute(1, 0).reshape(-1, height, width).array());
    var coordinates = Tensor.of(c.input("coords")); // (B, n, 2): x, y in pixels
    var values = coordinates.toDoubles();
    var points = new double[values.length / 2][];
    for (int i = 0; i < points.length; i++) {
      points[i] =
          new double[] {
            values[2 * i] / c.params().get("W").asDouble(),
            values[2 * i + 1] / c.params().get("H").asDouble()
          };
    }
    check.output(
        "coords_pe",
        embedding.of(points).reshape(coordinates.size(0), coordinates.size(1), -1).array());
  }
}
