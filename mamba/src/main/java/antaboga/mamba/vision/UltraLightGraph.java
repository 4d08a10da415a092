// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import antaboga.io.OnnxGraph;
import antaboga.io.OnnxValue;
import antaboga.mamba.CausalConv1d;
import antaboga.mamba.MambaBlock;
import antaboga.nn.Conv2d;
import antaboga.nn.GroupNorm;
import antaboga.nn.Layer;
import antaboga.nn.LayerNorm;
import antaboga.nn.Linear;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** An {@link UltraLightUNet} as a graph; maps are (B, C, H, W). */
record UltraLightGraph(OnnxGraph graph) {
  private static final int PARTS = 4; // of a PVM layer's channels

  /** A map of this size. */
  private record Plane(OnnxValue values, int height, int width) {
    Plane with(OnnxValue other) {
      return new Plane(other, height, width);
    }
  }

  static OnnxGraph of(UltraLightUNet net, int height, int width) {
    var graph = new OnnxGraph("ultralight_vm_unet");
    var config = net.config();
    var image = graph.input("image", "B %d %d %d".formatted(config.inChannels(), height, width));
    var logits = new UltraLightGraph(graph).passed(net, new Plane(image, height, width));
    graph.output(
        "logits", logits.values(), "B %d %d %d".formatted(config.classes(), height, width));
    return graph;
  }

  private Plane passed(UltraLightUNet net, Plane image) {
    var scales = new ArrayList<Plane>();
    var x = image;
    int count = net.encoderNorms().size();
    for (int i = 0; i < count; i++) {
      x = norm(net.encoderNorms().get(i), layer(net.encoders().get(i), x));
      x = pooled(x);
      scales.add(x);
    }
    var skips = net.bridge().map(bridge -> bridged(bridge, scales)).orElse(scales);
    x = layer(net.encoders().get(count), x);
    x = x.with(x.values().gelu());
    for (int i = 0; i < count; i++) {
      x = norm(net.decoderNorms().get(i), layer(net.decoders().get(i), x));
      x = i == 0 ? x : enlarged(x);
      x = x.with(x.values().gelu().add(skips.get(count - 1 - i).values()));
    }
    return enlarged(x.with(net.last().graph(x.values())));
  }

  private Plane layer(Layer layer, Plane x) {
    if (layer instanceof Conv2d conv) {
      return x.with(conv.graph(x.values()));
    }
    if (layer instanceof PvmLayer pvm) {
      return x.with(mixed(pvm, x));
    }
    throw new IllegalStateException("no layer of UltraLight VM-UNet: " + layer);
  }

  private Plane norm(GroupNorm norm, Plane x) {
    long channels = norm.weight().size(0);
    var groups =
        x.values().reshape(-1, norm.groups(), channels / norm.groups() * x.height() * x.width());
    var centred = groups.sub(mean(groups, -1));
    var variance = mean(centred.mul(centred), -1);
    var normed =
        graph
            .apply("Div", List.of(centred, variance.add(norm.eps()).apply("Sqrt")), Map.of())
            .reshape(-1, channels, x.height(), x.width());
    return x.with(
        normed
            .mul(graph.parameter(norm.weight()).reshape(channels, 1, 1))
            .add(graph.parameter(norm.bias()).reshape(channels, 1, 1)));
  }

  private OnnxValue mean(OnnxValue x, long... axes) {
    return graph.apply("ReduceMean", List.of(x), Map.of("axes", axes, "keepdims", 1));
  }

  private Plane pooled(Plane x) {
    return new Plane(x.values().halved().gelu(), x.height() / 2, x.width() / 2);
  }

  private Plane enlarged(Plane x) {
    return new Plane(x.values().doubled(), 2 * x.height(), 2 * x.width());
  }

  private OnnxValue mixed(PvmLayer layer, Plane x) {
    long channels = layer.norm().weight().size(0);
    long part = channels / PARTS;
    long positions = (long) x.height() * x.width();
    var parts =
        norm(layer.norm(), x.values().permute(0, 2, 3, 1))
            .reshape(-1, positions, PARTS, part)
            .permute(0, 2, 1, 3)
            .reshape(-1, part);
    var whole =
        mamba(layer.mamba(), parts, positions)
            .add(parts.mul(graph.parameter(layer.skipScale())))
            .reshape(-1, PARTS, positions, part)
            .permute(0, 2, 1, 3)
            .reshape(-1, channels);
    return linear(layer.proj(), norm(layer.norm(), whole))
        .reshape(-1, x.height(), x.width(), layer.proj().weight().size(0))
        .permute(0, 3, 1, 2);
  }

  // rows (B L, C)
  private OnnxValue mamba(MambaBlock block, OnnxValue rows, long length) {
    long inner = block.config().inner();
    long states = block.config().state();
    long rank = block.config().deltaRank();
    var projected = linear(block.inProj(), rows);
    var u = causal(block.conv1d(), projected.slice(1, 0, inner), length).silu();
    var p = linear(block.xProj(), u);
    var delta = linear(block.dtProj(), p.slice(1, 0, rank)).apply("Softplus");
    var inputs = overTime(u, length, inner);
    var y =
        new ScanGraph(graph, 1, inner, states)
            .of(
                inputs,
                overTime(delta, length, inner),
                block.aLog(),
                overTime(p.slice(1, rank, rank + states), length, states),
                overTime(p.slice(1, rank + states, rank + 2 * states), length, states))
            .add(inputs.mul(graph.parameter(block.d())))
            .permute(1, 2, 0, 3) // (1, B, L, D)
            .reshape(-1, inner);
    return linear(block.outProj(), y.mul(projected.slice(1, inner, 2 * inner).silu()));
  }

  // (B L, C) to (L, 1, B, C)
  private static OnnxValue overTime(OnnxValue rows, long length, long channels) {
    return rows.reshape(1, -1, length, channels).permute(2, 0, 1, 3);
  }

  private OnnxValue causal(CausalConv1d conv, OnnxValue rows, long length) {
    long channels = conv.weight().size(0);
    long taps = conv.taps();
    var inputs =
        new ArrayList<>(
            List.of(
                rows.reshape(-1, length, channels).permute(0, 2, 1),
                graph.parameter(conv.weight())));
    conv.bias().ifPresent(bias -> inputs.add(graph.parameter(bias)));
    var attributes =
        Map.of(
            "group", channels, "kernel_shape", new long[] {taps}, "pads", new long[] {taps - 1, 0});
    return graph.apply("Conv", inputs, attributes).permute(0, 2, 1).reshape(-1, channels);
  }

  private List<Plane> bridged(AttentionBridge bridge, List<Plane> scales) {
    var attended = new ArrayList<OnnxValue>();
    var summed = new ArrayList<OnnxValue>();
    var means = new ArrayList<OnnxValue>();
    for (var scale : scales) {
      var t = scale.values();
      var max = graph.apply("ReduceMax", List.of(t), Map.of("axes", new long[] {1}, "keepdims", 1));
      var seen = OnnxValue.concat(1, List.of(mean(t, 1), max));
      var weighted = bridge.spatial().graph(seen).apply("Sigmoid").mul(t);
      attended.add(weighted);
      summed.add(weighted.add(t));
      means.add(mean(weighted.add(t), 2, 3)); // (B, C, 1, 1)
    }
    long sum = bridge.weights().get(0).size(1);
    var all = OnnxValue.concat(1, means).reshape(-1, 1, sum);
    var kernel = graph.parameter(bridge.mixing());
    var pads = Map.of("kernel_shape", new long[] {3}, "pads", new long[] {1, 1});
    var mixed = graph.apply("Conv", List.of(all, kernel), pads).reshape(-1, sum);
    var out = new ArrayList<Plane>();
    for (int i = 0; i < scales.size(); i++) {
      var weight = bridge.weights().get(i);
      long channels = weight.size(0);
      var gate =
          mixed
              .linear(
                  graph.parameter(weight).reshape(channels, sum),
                  graph.parameter(bridge.biases().get(i)))
              .apply("Sigmoid")
              .reshape(-1, channels, 1, 1);
      out.add(scales.get(i).with(gate.mul(summed.get(i)).add(attended.get(i))));
    }
    return out;
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
