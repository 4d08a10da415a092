// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.io.OnnxGraph;
import antaboga.io.OnnxValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A {@link UNet} as a graph; maps are (B, C, H, W). */
record UNetGraph(OnnxGraph graph) {
  static OnnxGraph of(UNet net, int height, int width, UNet.AfterStage after) {
    var graph = new OnnxGraph("unet");
    var config = net.config();
    var image = graph.input("image", "B %d %d %d".formatted(config.inChannels(), height, width));
    var logits = new UNetGraph(graph).passed(net, image, height, width, after);
    graph.output("logits", logits, "B %d %d %d".formatted(config.classes(), height, width));
    return graph;
  }

  private OnnxValue passed(
      UNet net, OnnxValue image, int height, int width, UNet.AfterStage after) {
    var features = new ArrayList<OnnxValue>();
    var x = image;
    for (int i = 0; i < net.stages().size(); i++) {
      var stage = net.stages().get(i);
      var maps = block(stage.block(), stage.pooled() ? x.halved() : x);
      int h = height >> i;
      int w = width >> i;
      x = stage.after().map(layer -> after.of(layer, maps, h, w)).orElse(maps);
      features.add(x);
    }
    int last = features.size() - 1;
    for (int i = 0; i < last; i++) {
      var up = net.ups().get(i);
      var skip = features.get(last - 1 - i);
      var wide = up.narrow().graph(x).doubled();
      x = block(up.block(), OnnxValue.concat(1, List.of(skip, wide)));
    }
    return net.head().graph(x);
  }

  private OnnxValue block(UNet.Block block, OnnxValue x) {
    var y = leaky(norm(block.firstNorm(), block.first().graph(x)));
    return leaky(norm(block.secondNorm(), block.second().graph(y)));
  }

  private OnnxValue leaky(OnnxValue x) {
    return graph.apply("LeakyRelu", List.of(x), Map.of("alpha", UNet.SLOPE));
  }

  private OnnxValue norm(Layer layer, OnnxValue x) {
    if (layer instanceof BatchNorm2d norm) {
      return graph.apply(
          "BatchNormalization",
          List.of(
              x,
              graph.parameter(norm.weight()),
              graph.parameter(norm.bias()),
              graph.parameter(norm.runningMean()),
              graph.parameter(norm.runningVariance())),
          Map.of("epsilon", norm.eps()));
    }
    if (layer instanceof GroupNorm norm && norm.groups() == norm.weight().size(0)) {
      return graph.apply(
          "InstanceNormalization",
          List.of(x, graph.parameter(norm.weight()), graph.parameter(norm.bias())),
          Map.of("epsilon", norm.eps()));
    }
    throw new IllegalStateException("no norm of a U-Net: " + layer);
  }
}
