// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Tensor;
import antaboga.nn.Linear;
import antaboga.nn.Weights;

/**
 * Multi-head attention between two sets of tokens, in fewer channels than they have: q (B, n, C), k
 * and v (B, m, C), y (B, n, C). Source: {@code Attention} of segment_anything's transformer.
 */
record DownscaledAttention(Linear queries, Linear keys, Linear values, Linear out, int heads) {
  DownscaledAttention(Weights w, int channels, int heads, int downscale) {
    this(
        new Linear(w.at("q_proj"), channels, channels / downscale),
        new Linear(w.at("k_proj"), channels, channels / downscale),
        new Linear(w.at("v_proj"), channels, channels / downscale),
        new Linear(w.at("out_proj"), channels / downscale, channels),
        heads);
  }

  Tensor forward(Tensor q, Tensor k, Tensor v) {
    var qs = split(queries.forward(q));
    var attended =
        qs.attention(
            split(keys.forward(k)), split(values.forward(v)), 1 / Math.sqrt((double) qs.size(2)));
    return out.forward(join(attended, q.size(0)));
  }

  private Tensor split(Tensor x) { // (B, n, c) to (B heads, n, c / heads)
    return x.reshape(x.size(0), x.size(1), heads, x.size(2) / heads)
        .permute(0, 2, 1, 3)
        .reshape(x.size(0) * heads, x.size(1), x.size(2) / heads);
  }

  private Tensor join(Tensor x, long batch) {
    return x.reshape(batch, heads, x.size(1), x.size(2))
        .permute(0, 2, 1, 3)
        .reshape(batch, x.size(1), heads * x.size(2));
  }
}
