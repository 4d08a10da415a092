// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Dims;
import antaboga.Parameter;
import antaboga.Tensor;

/**
 * Attention of several heads: {@code softmax(q k^T / sqrt(d)) v} of linear maps of query, key and
 * value, d being the width of a head; the heads side by side pass a last linear map. Query (B, Q,
 * width), key and value (B, K, width), y (B, Q, width). Keys and start as {@code
 * torch.nn.MultiheadAttention} with {@code batch_first}.
 *
 * <p>Source: Vaswani et al. 2017, arXiv 1706.03762.
 *
 * @param projection of query, key and value, one above another (3 width, width)
 * @param projectionBias (3 width)
 * @param output the last linear map
 * @param heads their number
 */
public record MultiheadAttention(
    Parameter projection, Parameter projectionBias, Linear output, int heads) implements Layer {
  /** Starts as PyTorch does: Xavier-uniform projections, biases 0. */
  public MultiheadAttention(Weights w, long width, int heads) {
    this(
        w.get("in_proj_weight", Init.uniform(Math.sqrt(6.0 / (4 * width))), 3 * width, width),
        w.get("in_proj_bias", Init.zeros(), 3 * width),
        new Linear(w.at("out_proj"), width, width, true, Init.fanIn(width), Init.zeros()),
        heads);
  }

  /** Checks that the width falls into equal heads. */
  public MultiheadAttention {
    if (heads < 1 || projection.size(1) % heads != 0) {
      throw new IllegalArgumentException(
          "MultiheadAttention: width %d in %d heads, expected equal ones"
              .formatted(projection.size(1), heads));
    }
  }

  /**
   * The output and what it looked at.
   *
   * @param output (B, Q, width)
   * @param weights the mean over heads of the softmax (B, Q, K); rows sum to 1
   */
  public record Attended(Tensor output, Tensor weights) {}

  /** Self-attention: x (B, L, width). */
  @Override
  public Tensor forward(Tensor x) {
    return attend(x, x, x).output();
  }

  /**
   * Attention of queries to keys and values.
   *
   * @throws antaboga.ShapeException if the shapes do not fit together
   */
  public Attended attend(Tensor query, Tensor key, Tensor value) {
    long width = projection.size(1);
    Dims.of("MultiheadAttention")
        .bind("query", query, "B Q " + width)
        .bind("key", key, "B K " + width)
        .bind("value", value, "B K " + width);
    var q = heads(query, 0);
    var k = heads(key, 1);
    var v = heads(value, 2);
    double scale = 1 / Math.sqrt((double) width / heads);
    var weights = q.mul(scale).matmul(k.permute(0, 1, 3, 2)).softmax(-1); // (B, heads, Q, K)
    var mixed = weights.matmul(v).permute(0, 2, 1, 3).reshape(query.shape().toArray());
    return new Attended(output.forward(mixed), weights.mean(1));
  }

  /** The part of the projection for query, key or value: (B, heads, L, d). */
  private Tensor heads(Tensor x, int part) {
    long width = projection.size(1);
    var rows = projection.slice(0, part * width, (part + 1) * width);
    var bias = projectionBias.slice(0, part * width, (part + 1) * width);
    return x.linear(rows, bias)
        .reshape(x.size(0), x.size(1), heads, width / heads)
        .permute(0, 2, 1, 3);
  }
}
