// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Parameter;
import antaboga.Tensor;
import antaboga.nn.Init;
import antaboga.nn.Layer;
import antaboga.nn.Linear;
import antaboga.nn.Weights;
import java.util.Optional;

/**
 * Attention among the tokens of an image or a window, with relative positions along both axes:
 * {@code softmax(q k^T / sqrt(d) + q R_h + q R_w) v}, q unscaled in the position terms; x (B, H, W,
 * width), y the same. Source: {@code Attention} of segment_anything's image encoder; Li et al.
 * 2021, arXiv 2112.01526.
 */
record RelPosAttention(
    Linear qkv, Linear proj, Optional<Parameter> relPosH, Optional<Parameter> relPosW, int heads)
    implements Layer {
  RelPosAttention(Weights w, MedSamConfig c, int block) {
    this(
        new Linear(w.at("qkv"), c.width(), 3L * c.width()),
        new Linear(w.at("proj"), c.width(), c.width()),
        table(w, "rel_pos_h", c, block),
        table(w, "rel_pos_w", c, block),
        c.heads());
  }

  private static Optional<Parameter> table(Weights w, String name, MedSamConfig c, int block) {
    return c.relative()
        ? Optional.of(w.get(name, Init.zeros(), 2L * c.tableSide(block) - 1, c.width() / c.heads()))
        : Optional.empty();
  }

  @Override
  public Tensor forward(Tensor x) {
    return proj.forward(attended(qkv.forward(x)));
  }

  /**
   * Attention within each window of an image (B, H, W, width), to the same shape. The padding of
   * windows is left out where it can be: of its zeros the bias alone is left in q, k and v.
   */
  Tensor within(Windows windows, Tensor x) {
    var mapped = qkv.forward(x);
    var parts =
        qkv.bias()
            .map(bias -> windows.partition(mapped, bias))
            .orElseGet(() -> windows.partition(mapped));
    return proj.forward(windows.join(attended(parts), x.size(1), x.size(2)));
  }

  /** From q, k and v of all heads, (B, H, W, 3 width), to their attention (B, H, W, width). */
  private Tensor attended(Tensor mapped) {
    long images = mapped.size(0);
    long height = mapped.size(1);
    long width = mapped.size(2);
    long size = mapped.size(3) / 3 / heads;
    var parts = // (3, B heads, H W, d)
        mapped
            .reshape(images, height * width, 3, heads, size)
            .permute(2, 0, 3, 1, 4)
            .reshape(3, images * heads, height * width, size);
    var q = parts.index(0, 0);
    var k = parts.index(0, 1);
    var v = parts.index(0, 2);
    double scale = 1 / Math.sqrt((double) size);
    var attended = // (B heads, H W, d)
        relPosH.isPresent() && relPosW.isPresent()
            ? q.attention(
                k,
                v,
                positions(q, height, width, relPosH.get(), 1),
                positions(q, height, width, relPosW.get(), 2),
                scale)
            : q.attention(k, v, scale);
    return attended
        .reshape(images, heads, height, width, size)
        .permute(0, 2, 3, 1, 4)
        .reshape(images, height, width, heads * size);
  }

  // the products of q (N, H W, d) with the vectors of its distances along an axis: (N, H W, size)
  private static Tensor positions(Tensor q, long height, long width, Tensor table, int axis) {
    var onGrid = q.reshape(q.size(0), height, width, q.size(2));
    int size = (int) onGrid.size(axis);
    var vectors = RelativePositions.of(table, size, size); // (size, size, d)
    var first = axis == 1 ? onGrid.permute(1, 0, 2, 3) : onGrid.permute(2, 0, 1, 3);
    var products =
        first
            .reshape(size, q.size(0) * onGrid.size(3 - axis), q.size(2))
            .matmul(vectors.permute(0, 2, 1))
            .reshape(size, q.size(0), onGrid.size(3 - axis), size);
    return (axis == 1 ? products.permute(1, 0, 2, 3) : products.permute(1, 2, 0, 3))
        .reshape(q.size(0), height * width, size);
  }
}
