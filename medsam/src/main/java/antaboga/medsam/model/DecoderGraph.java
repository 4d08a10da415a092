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
 * {@link PromptEncoder} and {@link MaskDecoder} as a graph for boxes. An image stands once, however
 * many boxes ask of it, until it meets their tokens.
 */
record DecoderGraph(OnnxGraph graph, Sam sam) {
  private static final int BOX_TOKENS = 2;

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
    int g = sam.config().grid();
    long channels = sam.config().channels();
    long cells = (long) g * g;
    var tokens = tokens(boxes, channels);
    var image =
        embedding
            .permute(0, 2, 3, 1)
            .reshape(-1, cells, channels)
            .add(graph.parameter(sam.promptEncoder().noMask()));
    var positions = Tape.paused(() -> sam.promptEncoder().densePositions());
    var scene =
        new Scene(
            tokens,
            image,
            tokens,
            graph.array("prompt_encoder.dense_positions", positions.array()),
            1 + sam.maskDecoder().maskTokens().size(0) + BOX_TOKENS,
            cells);
    masks(transformed(scene), g, alternatives);
  }

  private OnnxValue tokens(OnnxValue boxes, long channels) {
    var prompts = sam.promptEncoder();
    double input = sam.config().input();
    var centred = boxes.reshape(-1, 2).add(0.5).mul(2 / input).add(-1);
    var phases = centred.matmul(graph.parameter(prompts.positions().matrix())).mul(2 * Math.PI);
    var corners = concat(0, prompts.corners().get(2), prompts.corners().get(3));
    var box =
        OnnxValue.concat(1, List.of(phases.apply("Sin"), phases.apply("Cos")))
            .reshape(-1, BOX_TOKENS, channels)
            .add(corners);
    var own = concat(0, sam.maskDecoder().iouToken(), sam.maskDecoder().maskTokens());
    long n = 1 + sam.maskDecoder().maskTokens().size(0);
    var count = boxes.apply("Shape").slice(0, 0, 1);
    var shape = OnnxValue.concat(0, List.of(count, graph.integers(n, channels)));
    var each = graph.apply("Expand", List.of(own, shape), Map.of());
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
    var passed = linear(block.mlp().lin2(), hidden).reshape(-1, n, channels);
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
    return linear(attention.out(), attended).reshape(-1, n, sam.config().channels());
  }

  private OnnxValue heads(Linear layer, OnnxValue x, long n, int heads) {
    long size = layer.weight().size(0) / heads;
    return linear(layer, x.reshape(-1, sam.config().channels())).reshape(-1, n, heads, size);
  }

  private void masks(Scene scene, int g, boolean alternatives) {
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
