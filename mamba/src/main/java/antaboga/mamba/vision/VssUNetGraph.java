// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import antaboga.io.OnnxGraph;
import antaboga.io.OnnxValue;
import antaboga.nn.Layer;
import antaboga.nn.LayerNorm;
import antaboga.nn.Linear;
import antaboga.nn.Recomputed;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A {@link VssUNet} as a graph. Tokens are a matrix (B height width, C), row by row. */
record VssUNetGraph(OnnxGraph graph) {
  /** Tokens of an image of this size. */
  private record Tokens(OnnxValue matrix, int height, int width) {
    Tokens with(OnnxValue other) {
      return new Tokens(other, height, width);
    }
  }

  static OnnxGraph of(VssUNet net, int height, int width) {
    var graph = new OnnxGraph("vss_unet");
    var config = net.config();
    var image = graph.input("image", "B %d %d %d".formatted(config.inChannels(), height, width));
    var last = new VssUNetGraph(graph).passed(net, image, height, width);
    var weight = graph.parameter(net.finalWeight()).reshape(config.classes(), -1);
    var logits =
        last.matrix()
            .linear(weight, graph.parameter(net.finalBias()))
            .reshape(-1, height, width, config.classes())
            .permute(0, 3, 1, 2);
    graph.output("logits", logits, "B %d %d %d".formatted(config.classes(), height, width));
    return graph;
  }

  /** A layer by itself: x (B, height, width, C) to y. */
  static OnnxGraph of(Ss2d layer, int height, int width) {
    var graph = new OnnxGraph("ss2d");
    int channels = layer.config().width();
    var axes = "B %d %d %d".formatted(height, width, channels);
    var x = new Tokens(graph.input("x", axes).reshape(-1, channels), height, width);
    var y = new VssUNetGraph(graph).ss2d(layer, x);
    graph.output("y", y.reshape(-1, height, width, channels), axes);
    return graph;
  }

  /** A block of maps x (B, C, height, width). */
  static OnnxValue block(VssBlock block, OnnxValue x, int height, int width) {
    int channels = block.selfAttention().config().width();
    var tokens = x.permute(0, 2, 3, 1).reshape(-1, channels);
    return new VssUNetGraph(x.graph())
        .block(block, new Tokens(tokens, height, width))
        .matrix()
        .reshape(-1, height, width, channels)
        .permute(0, 3, 1, 2);
  }

  private Tokens passed(VssUNet net, OnnxValue image, int height, int width) {
    var x = embedded(net.patchEmbed(), image, height, width);
    var skips = new ArrayList<Tokens>();
    for (int i = 0; i < net.encoder().size(); i++) {
      skips.add(x);
      x = stage(net.encoder().get(i), x);
      x = i < net.merges().size() ? merged(net.merges().get(i), x) : x;
    }
    x = stage(net.decoder().get(0), x);
    for (int i = 1; i < net.decoder().size(); i++) {
      var skip = skips.get(skips.size() - i);
      x = expanded(net.expands().get(i - 1), x.with(x.matrix().add(skip.matrix())));
      x = stage(net.decoder().get(i), x);
    }
    return expanded(net.finalUp(), x);
  }

  private Tokens embedded(PatchEmbed embed, OnnxValue image, int height, int width) {
    long p = embed.weight().size(2);
    var patches =
        graph
            .apply(
                "Conv",
                List.of(image, graph.parameter(embed.weight()), graph.parameter(embed.bias())),
                Map.of("kernel_shape", new long[] {p, p}, "strides", new long[] {p, p}))
            .permute(0, 2, 3, 1)
            .reshape(-1, embed.weight().size(0));
    return new Tokens(norm(embed.norm(), patches), (int) (height / p), (int) (width / p));
  }

  private Tokens merged(PatchMerge merge, Tokens x) {
    int h = x.height() / 2;
    int w = x.width() / 2;
    long four = merge.norm().weight().size(0);
    var cells =
        x.matrix()
            .reshape(-1, x.height(), x.width(), four / 4)
            .slice(1, 0, 2L * h)
            .slice(2, 0, 2L * w)
            .reshape(-1, h, 2, w, 2, four / 4)
            .permute(0, 1, 3, 4, 2, 5)
            .reshape(-1, four);
    return new Tokens(linear(merge.reduction(), norm(merge.norm(), cells)), h, w);
  }

  private Tokens expanded(PatchExpand expand, Tokens x) {
    int scale = expand.scale();
    long out = expand.norm().weight().size(0);
    var cells =
        norm(expand.norm(), linear(expand.expand(), x.matrix()).reshape(-1, out))
            .reshape(-1, x.height(), x.width(), scale, scale, out)
            .permute(0, 1, 3, 2, 4, 5)
            .reshape(-1, out);
    return new Tokens(cells, x.height() * scale, x.width() * scale);
  }

  private Tokens stage(VssUNet.Stage stage, Tokens x) {
    var y = x;
    for (var layer : stage.blocks()) {
      y = block(block(layer), y);
    }
    return y;
  }

  private Tokens block(VssBlock block, Tokens x) {
    var scanned = ss2d(block.selfAttention(), x.with(norm(block.ln1(), x.matrix())));
    return x.with(x.matrix().add(scanned));
  }

  private static VssBlock block(Layer layer) {
    if (layer instanceof VssBlock block) {
      return block;
    }
    if (layer instanceof Recomputed recomputed) {
      return block(recomputed.layer());
    }
    throw new IllegalStateException("no block of VM-UNet: " + layer);
  }

  private OnnxValue ss2d(Ss2d layer, Tokens x) {
    int inner = layer.config().inner();
    var projected = linear(layer.inProj(), x.matrix());
    var u = projected.slice(1, 0, inner);
    var convolved = convolved(layer.conv2d(), x.with(u)).silu();
    var y = norm(layer.outNorm(), new Ss2dGraph(graph, layer).of(convolved, x.height(), x.width()));
    return linear(
        layer.outProj(),
        layer.config().gate() ? y.mul(projected.slice(1, inner, 2L * inner).silu()) : y);
  }

  private OnnxValue convolved(DepthwiseConv conv, Tokens x) {
    long channels = conv.weight().size(0);
    long size = conv.weight().size(2);
    long edge = size / 2;
    var inputs = new ArrayList<OnnxValue>();
    inputs.add(x.matrix().reshape(-1, x.height(), x.width(), channels).permute(0, 3, 1, 2));
    inputs.add(graph.parameter(conv.weight()));
    conv.bias().ifPresent(bias -> inputs.add(graph.parameter(bias)));
    return graph
        .apply(
            "Conv",
            inputs,
            Map.of(
                "group",
                channels,
                "kernel_shape",
                new long[] {size, size},
                "pads",
                new long[] {edge, edge, edge, edge}))
        .permute(0, 2, 3, 1)
        .reshape(-1, channels);
  }

  private static OnnxValue norm(LayerNorm norm, OnnxValue x) {
    return x.layerNorm(norm.weight(), norm.bias(), norm.eps());
  }

  private OnnxValue linear(Linear layer, OnnxValue x) {
    return layer.bias().isPresent()
        ? x.linear(layer.weight(), layer.bias().get())
        : x.linear(graph.parameter(layer.weight()));
  }
}
