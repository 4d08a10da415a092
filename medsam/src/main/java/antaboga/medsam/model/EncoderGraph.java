// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Parameter;
import antaboga.Tape;
import antaboga.io.OnnxGraph;
import antaboga.io.OnnxValue;
import antaboga.nn.LayerNorm2d;
import antaboga.nn.Linear;
import java.util.List;
import java.util.Map;

/**
 * The {@link ImageEncoder} as a graph for images of one size. Tokens are a matrix (B rows columns,
 * width), image by image and row by row, so that every linear layer is one product.
 */
record EncoderGraph(OnnxGraph graph, ImageEncoder encoder, int rows, int columns) {
  /** From images (B, 3, H, W) to the embedding (B, channels, rows, columns). */
  OnnxValue of(OnnxValue image) {
    var tokens = embedded(image);
    for (var block : encoder.blocks()) {
      tokens = block(block, tokens);
    }
    return neck(encoder.neck(), tokens);
  }

  private OnnxValue embedded(OnnxValue image) {
    var proj = encoder.patchEmbed().proj();
    long p = proj.weight().size(2);
    long width = proj.weight().size(0);
    var patches =
        graph.apply(
            "Conv",
            List.of(image, graph.parameter(proj.weight()), graph.parameter(proj.bias())),
            Map.of("kernel_shape", new long[] {p, p}, "strides", new long[] {p, p}));
    return patches.permute(0, 2, 3, 1).add(positions()).reshape(-1, width);
  }

  private OnnxValue positions() {
    var own = encoder.posEmbed();
    var table = Tape.paused(() -> encoder.positions(rows, columns));
    return table == own ? graph.parameter(own) : graph.array("resampled pos_embed", table.array());
  }

  private OnnxValue block(EncoderBlock block, OnnxValue x) {
    var norm1 = block.norm1();
    var norm2 = block.norm2();
    var attended = x.add(attention(block, x.layerNorm(norm1.weight(), norm1.bias(), norm1.eps())));
    var hidden =
        linear(block.mlp().lin1(), attended.layerNorm(norm2.weight(), norm2.bias(), norm2.eps()))
            .gelu();
    return attended.add(linear(block.mlp().lin2(), hidden));
  }

  private OnnxValue attention(EncoderBlock block, OnnxValue x) {
    if (block.window() == 0) {
      return attention(block.attn(), x, rows, columns);
    }
    int side = block.window();
    int down = (rows + side - 1) / side;
    int across = (columns + side - 1) / side;
    long width = block.attn().proj().weight().size(0);
    var image = x.reshape(-1, rows, columns, width);
    boolean padded = down * side > rows || across * side > columns;
    var whole =
        padded
            ? image.padEnd(0, (long) down * side - rows, (long) across * side - columns, 0)
            : image;
    var windows =
        whole
            .reshape(-1, down, side, across, side, width)
            .permute(0, 1, 3, 2, 4, 5)
            .reshape(-1, width);
    var joined =
        attention(block.attn(), windows, side, side)
            .reshape(-1, down, across, side, side, width)
            .permute(0, 1, 3, 2, 4, 5);
    return padded
        ? joined
            .reshape(-1, (long) down * side, (long) across * side, width)
            .slice(1, 0, rows)
            .slice(2, 0, columns)
            .reshape(-1, width)
        : joined.reshape(-1, width);
  }

  // x (N height width, C)
  private OnnxValue attention(RelPosAttention attn, OnnxValue x, long height, long width) {
    int heads = attn.heads();
    long channels = attn.proj().weight().size(0);
    long size = channels / heads;
    long tokens = height * width;
    var parts = // 3 of (1, N, heads, tokens, d)
        linear(attn.qkv(), x)
            .reshape(-1, tokens, 3, heads, size)
            .permute(2, 0, 3, 1, 4)
            .split(0, 3);
    var q = parts.get(0).reshape(-1, tokens, size);
    var k = parts.get(1).reshape(-1, tokens, size);
    var v = parts.get(2).reshape(-1, tokens, size);
    var scores = q.mul(1 / Math.sqrt((double) size)).matmul(k.permute(0, 2, 1));
    if (attn.relPosH().isPresent() && attn.relPosW().isPresent()) {
      var down = vectors(attn.relPosH().get(), height);
      var across = vectors(attn.relPosW().get(), width);
      scores = positioned(scores, q, new Tables(down, across, size), height, width);
    }
    var out =
        scores
            .softmax()
            .matmul(v)
            .reshape(-1, heads, tokens, size)
            .permute(0, 2, 1, 3)
            .reshape(-1, channels);
    return linear(attn.proj(), out);
  }

  /**
   * The vectors of relative positions along both axes, (height, d, height) and (width, d, width).
   */
  private record Tables(OnnxValue down, OnnxValue across, long size) {}

  private static OnnxValue positioned(
      OnnxValue scores, OnnxValue q, Tables tables, long height, long width) {
    long tokens = height * width;
    var onGrid = q.reshape(-1, height, width, tables.size());
    var down = onGrid.matmul(tables.down()).reshape(-1, tokens, height, 1);
    var across =
        onGrid
            .permute(0, 2, 1, 3)
            .matmul(tables.across())
            .permute(0, 2, 1, 3)
            .reshape(-1, tokens, 1, width);
    return scores
        .reshape(-1, tokens, height, width)
        .add(down)
        .add(across)
        .reshape(-1, tokens, tokens);
  }

  private OnnxValue vectors(Parameter table, long size) {
    if (table.size(0) != 2 * size - 1) {
      var resampled =
          Tape.paused(() -> RelativePositions.of(table, (int) size, (int) size).permute(0, 2, 1));
      return graph.array("resampled " + table.name(), resampled.array());
    }
    var rows = new long[(int) (size * size)];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = i / size - i % size + size - 1; // of query and key
    }
    return graph
        .parameter(table)
        .gather(0, rows)
        .reshape(size, size, table.size(1))
        .permute(0, 2, 1);
  }

  private OnnxValue neck(ImageEncoder.Neck neck, OnnxValue tokens) {
    var image = tokens.reshape(-1, rows, columns, neck.point().size(1)).permute(0, 3, 1, 2);
    var mixed = norm(neck.norm1(), conv(image, neck.point(), 0));
    return norm(neck.norm2(), conv(mixed, neck.kernel(), 1));
  }

  private OnnxValue conv(OnnxValue x, Parameter weight, long padding) {
    long size = weight.size(2);
    return graph.apply(
        "Conv",
        List.of(x, graph.parameter(weight)),
        Map.of(
            "kernel_shape",
            new long[] {size, size},
            "pads",
            new long[] {padding, padding, padding, padding}));
  }

  private static OnnxValue norm(LayerNorm2d norm, OnnxValue x) {
    return x.channelNorm(norm.weight(), norm.bias(), norm.eps());
  }

  private static OnnxValue linear(Linear layer, OnnxValue x) {
    return x.linear(layer.weight(), layer.bias().orElseThrow());
  }
}
