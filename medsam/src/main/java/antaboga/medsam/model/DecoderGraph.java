// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Parameter;
import antaboga.Tape;
import antaboga.io.OnnxGraph;
import antaboga.io.OnnxValue;
import antaboga.nn.LayerNorm;
import antaboga.nn.Linear;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * {@link PromptEncoder} and {@link MaskDecoder} as a graph for boxes, or for one prompt of any
 * kind. An image stands once, however many boxes ask of it, until it meets their tokens.
 */
record DecoderGraph(OnnxGraph graph, Sam sam) {
  private static final int BOX_TOKENS = 2;
  private static final int ANY = -1; // number of tokens: of one prompt then
  private static final int INT64 = 7; // ONNX's number of that type

  /** Tokens of the prompts (K, n, C) and of the image (B or K, g g, C), with their positions. */
  private record Scene(
      OnnxValue tokens,
      OnnxValue image,
      OnnxValue tokenPositions,
      OnnxValue imagePositions,
      long n,
      long cells) {
    Scene with(OnnxValue newTokens, OnnxValue newImage) {
      return new Scene(newTokens, newImage, tokenPositions, imagePositions, n, cells);
    }

    OnnxValue queries() {
      return tokens.add(tokenPositions);
    }

    OnnxValue keys() {
      return image.add(imagePositions);
    }
  }

  /**
   * From the embedding (B, C, g, g) and boxes (K, 4) to the outputs {@code masks} and {@code iou}.
   */
  void of(OnnxValue embedding, OnnxValue boxes, boolean alternatives) {
    var image = cells(embedding).add(graph.parameter(sam.promptEncoder().noMask()));
    var own = 1 + sam.maskDecoder().maskTokens().size(0);
    masks(transformed(scene(tokens(boxes), image, own + BOX_TOKENS)), alternatives);
  }

  /**
   * From the embedding (1, C, g, g), points (1, n, 2) with labels (1, n) and a mask (1, 1, 4g, 4g)
   * that counts where {@code hasMask} (1) is 1, to the same outputs.
   */
  void ofPrompt(
      OnnxValue embedding,
      OnnxValue points,
      OnnxValue labels,
      OnnxValue mask,
      OnnxValue hasMask,
      boolean alternatives) {
    var none = graph.parameter(sam.promptEncoder().noMask());
    var dense = cells(downscaled(mask)).sub(none).mul(hasMask).add(none);
    var tokens = OnnxValue.concat(1, List.of(own().unsqueeze(0), points(points, labels)));
    masks(transformed(scene(tokens, cells(embedding).add(dense), ANY)), alternatives);
  }

  private Scene scene(OnnxValue tokens, OnnxValue image, long n) {
    long g = sam.config().grid();
    var positions = Tape.paused(() -> sam.promptEncoder().densePositions());
    return new Scene(
        tokens,
        image,
        tokens,
        graph.array("prompt_encoder.dense_positions", positions.array()),
        n,
        g * g);
  }

  // (B, C, g, g) to (B, g g, C)
  private OnnxValue cells(OnnxValue map) {
    long g = sam.config().grid();
    return map.permute(0, 2, 3, 1).reshape(-1, g * g, sam.config().channels());
  }

  private OnnxValue own() {
    return concat(0, sam.maskDecoder().iouToken(), sam.maskDecoder().maskTokens());
  }

  // of positions in pixels, however many: (N, C)
  private OnnxValue features(OnnxValue positions) {
    var prompts = sam.promptEncoder();
    double input = sam.config().input();
    var centred = positions.reshape(-1, 2).add(0.5).mul(2 / input).add(-1);
    var phases = centred.matmul(graph.parameter(prompts.positions().matrix())).mul(2 * Math.PI);
    return OnnxValue.concat(1, List.of(phases.apply("Sin"), phases.apply("Cos")));
  }

  // labels -1 none, 0 beside, 1 on the object, 2 and 3 corners of a box: (1, n, C)
  private OnnxValue points(OnnxValue points, OnnxValue labels) {
    var prompts = sam.promptEncoder();
    var kinds = new ArrayList<OnnxValue>();
    kinds.add(graph.parameter(prompts.notAPoint()));
    prompts.corners().forEach(corner -> kinds.add(graph.parameter(corner)));
    var number = labels.reshape(-1).add(1); // from 0
    var at = graph.apply("Cast", List.of(number), Map.of("to", INT64));
    var kind = graph.apply("Gather", List.of(OnnxValue.concat(0, kinds), at), Map.of("axis", 0));
    var real = graph.apply("Min", List.of(number, graph.scalar(1)), Map.of());
    return features(points).mul(real.unsqueeze(1)).add(kind).unsqueeze(0);
  }

  private OnnxValue downscaled(OnnxValue mask) {
    var layers = sam.promptEncoder().masks();
    var norm1 = layers.norm1();
    var norm2 = layers.norm2();
    var first =
        reduced(mask, layers.first()).channelNorm(norm1.weight(), norm1.bias(), norm1.eps());
    var second =
        reduced(first.gelu(), layers.second())
            .channelNorm(norm2.weight(), norm2.bias(), norm2.eps());
    return reduced(second.gelu(), layers.third());
  }

  private OnnxValue reduced(OnnxValue x, PatchConv layer) {
    long p = layer.weight().size(2);
    return graph.apply(
        "Conv",
        List.of(x, graph.parameter(layer.weight()), graph.parameter(layer.bias())),
        Map.of("kernel_shape", new long[] {p, p}, "strides", new long[] {p, p}));
  }

  private OnnxValue tokens(OnnxValue boxes) {
    long channels = sam.config().channels();
    var prompts = sam.promptEncoder();
    var corners = concat(0, prompts.corners().get(2), prompts.corners().get(3));
    var box = features(boxes).reshape(-1, BOX_TOKENS, channels).add(corners);
    long n = 1 + sam.maskDecoder().maskTokens().size(0);
    var count = boxes.apply("Shape").slice(0, 0, 1);
    var shape = OnnxValue.concat(0, List.of(count, graph.integers(n, channels)));
    var each = graph.apply("Expand", List.of(own(), shape), Map.of());
    return OnnxValue.concat(1, List.of(each, box));
  }

  private OnnxValue concat(int axis, Parameter first, Parameter second) {
    return OnnxValue.concat(axis, List.of(graph.parameter(first), graph.parameter(second)));
  }

  private Scene transformed(Scene scene) {
    var transformer = sam.maskDecoder().transformer();
    var x = scene;
    for (var block : transformer.layers()) {
      x = block(block, x);
    }
    var attended =
        attention(transformer.last(), x.queries(), x.keys(), x.image(), x.n(), x.cells());
    return x.with(norm(transformer.norm(), x.tokens().add(attended)), x.image());
  }

  private Scene block(TwoWayBlock block, Scene scene) {
    long n = scene.n();
    long cells = scene.cells();
    var tokens = scene.tokens();
    var q = block.first() ? tokens : scene.queries();
    var own = attention(block.self(), q, q, tokens, n, n);
    var x = scene.with(norm(block.norm1(), block.first() ? own : tokens.add(own)), scene.image());
    var seen = attention(block.toImage(), x.queries(), x.keys(), x.image(), n, cells);
    x = x.with(norm(block.norm2(), x.tokens().add(seen)), x.image());
    long channels = sam.config().channels();
    var hidden = linear(block.mlp().lin1(), x.tokens().reshape(-1, channels)).apply("Relu");
    var passed = rows(linear(block.mlp().lin2(), hidden), n, channels);
    x = x.with(norm(block.norm3(), x.tokens().add(passed)), x.image());
    var answered = attention(block.toTokens(), x.keys(), x.queries(), x.tokens(), cells, n);
    return x.with(x.tokens(), norm(block.norm4(), x.image().add(answered)));
  }

  // q (B, n, C), k and v (B, m, C); a batch of 1 is broadcast
  private OnnxValue attention(
      DownscaledAttention attention, OnnxValue q, OnnxValue k, OnnxValue v, long n, long m) {
    long inner = attention.queries().weight().size(0);
    int heads = attention.heads();
    var queries = heads(attention.queries(), q, n, heads).permute(0, 2, 1, 3);
    var keys = heads(attention.keys(), k, m, heads).permute(0, 2, 3, 1);
    var values = heads(attention.values(), v, m, heads).permute(0, 2, 1, 3);
    var attended =
        queries
            .mul(1 / Math.sqrt((double) inner / heads))
            .matmul(keys)
            .softmax()
            .matmul(values)
            .permute(0, 2, 1, 3)
            .reshape(-1, inner);
    return rows(linear(attention.out(), attended), n, sam.config().channels());
  }

  private OnnxValue heads(Linear layer, OnnxValue x, long n, int heads) {
    long size = layer.weight().size(0) / heads;
    return rows(linear(layer, x.reshape(-1, sam.config().channels())), n, heads, size);
  }

  // from (B n, …) to (B, n, sizes), where one of B and n is known
  private static OnnxValue rows(OnnxValue x, long n, long... sizes) {
    var shape = new long[2 + sizes.length];
    shape[0] = n == ANY ? 1 : -1;
    shape[1] = n;
    System.arraycopy(sizes, 0, shape, 2, sizes.length);
    return x.reshape(shape);
  }

  private void masks(Scene scene, boolean alternatives) {
    int g = sam.config().grid();
    var decoder = sam.maskDecoder();
    long channels = sam.config().channels();
    var upscaling = decoder.upscaling();
    var norm = upscaling.norm();
    var image = scene.image().permute(0, 2, 1).reshape(-1, channels, g, g);
    var upscaled =
        enlarged(
                enlarged(image, upscaling.first())
                    .channelNorm(norm.weight(), norm.bias(), norm.eps())
                    .gelu(),
                upscaling.second())
            .gelu()
            .reshape(-1, channels / 8, 16L * g * g);
    int all = decoder.hypernetworks().size();
    var chosen = IntStream.range(alternatives ? 1 : 0, alternatives ? all : 1).toArray();
    var weights = new ArrayList<OnnxValue>();
    for (int i : chosen) {
      var weight = head(decoder.hypernetworks().get(i), scene.tokens().index(1, i + 1L));
      weights.add(weight.reshape(-1, 1, channels / 8));
    }
    var logits =
        OnnxValue.concat(1, weights).matmul(upscaled).reshape(-1, chosen.length, 4L * g, 4L * g);
    graph.output("masks", logits, "K %d %d %d".formatted(chosen.length, 4 * g, 4 * g));
    var iou =
        head(decoder.iouHead(), scene.tokens().index(1, 0))
            .slice(1, chosen[0], chosen[0] + (long) chosen.length);
    graph.output("iou", iou, "K " + chosen.length);
  }

  private OnnxValue enlarged(OnnxValue x, PatchConvTranspose layer) {
    long p = layer.weight().size(2);
    return graph.apply(
        "ConvTranspose",
        List.of(x, graph.parameter(layer.weight()), graph.parameter(layer.bias())),
        Map.of("kernel_shape", new long[] {p, p}, "strides", new long[] {p, p}));
  }

  private static OnnxValue head(MaskDecoder.Head head, OnnxValue x) {
    var hidden = linear(head.second(), linear(head.first(), x).apply("Relu")).apply("Relu");
    return linear(head.third(), hidden);
  }

  private static OnnxValue norm(LayerNorm norm, OnnxValue x) {
    return x.layerNorm(norm.weight(), norm.bias(), norm.eps());
  }

  private static OnnxValue linear(Linear layer, OnnxValue x) {
    return x.linear(layer.weight(), layer.bias().orElseThrow());
  }
}
