// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.nn.Linear;
import antaboga.nn.Weights;
import antaboga.ops.MatMul;

/**
 * Multi-head attention between two sets of tokens, in fewer channels than they have: q (B, n, C), k
 * and v (B, m, C), y (B, n, C). Source: {@code Attention} of segment_anything's transformer.
 *
 * <p>With Q_h, K_h the rows of the projections that make head h, a score is
 *
 * <pre>
 * (Q_h x + a_h) . (K_h z + b_h) = (K_h^T (Q_h x + a_h)) . z + (Q_h x + a_h) . b_h
 * </pre>
 *
 * <p>Where nothing is trained, a few tokens x of a prompt therefore take the matrices of the many
 * tokens z of an image upon themselves, as a vector for each head, and the image is not projected
 * at all. Values, which are sums over z, and outputs, which are sums over x, go likewise.
 */
record DownscaledAttention(Linear queries, Linear keys, Linear values, Linear out, int heads) {
  /** So many times as many tokens as channels outweigh some operations on a few tokens. */
  private static final int MANY = 2;

  DownscaledAttention(Weights w, int channels, int heads, int downscale) {
    this(
        new Linear(w.at("q_proj"), channels, channels / downscale),
        new Linear(w.at("k_proj"), channels, channels / downscale),
        new Linear(w.at("v_proj"), channels, channels / downscale),
        new Linear(w.at("out_proj"), channels / downscale, channels),
        heads);
  }

  Tensor forward(Tensor q, Tensor k, Tensor v) {
    if (Tape.training()) {
      return projected(q, k, v);
    }
    if (absorbs(q, k)) {
      return fewQueries(q, k, v);
    }
    return absorbs(k, q) ? fewKeys(q, k, v) : projected(q, k, v);
  }

  private boolean absorbs(Tensor few, Tensor many) {
    return few.size(1) * heads < queries.weight().size(0) && many.size(1) >= MANY * many.size(2);
  }

  Tensor projected(Tensor q, Tensor k, Tensor v) {
    var qs = split(queries.forward(q));
    var attended = qs.attention(split(keys.forward(k)), split(values.forward(v)), scale());
    return out.forward(join(attended, q.size(0)));
  }

  Tensor fewQueries(Tensor q, Tensor k, Tensor v) {
    long batch = q.size(0);
    // the term of b_h is the same for all keys, which softmax does not see
    var qs = toTokens(byHead(queries.forward(q).mul(scale())).matmul(rows(keys)), batch);
    var seen = fromTokens(qs.matmulTransposed(k).softmax(2).matmul(v), batch); // (heads, B n, C)
    var y = together(seen.matmulTransposed(rows(values)), batch);
    return out.forward(values.bias().map(y::add).orElse(y));
  }

  Tensor fewKeys(Tensor q, Tensor k, Tensor v) {
    long batch = q.size(0);
    long n = k.size(1);
    long many = q.size(1);
    var ks = byHead(keys.forward(k).mul(scale()));
    var shares = // (B, heads n, m)
        scores(ks, queries, batch, q)
            .reshape(batch, heads, n, many)
            .softmax(2)
            .reshape(batch, heads * n, many);
    long channels = out.weight().size(0);
    var columns = // of the output's projection, (heads, d, C)
        out.weight().reshape(channels, heads, -1).permute(1, 2, 0);
    var ys = toTokens(byHead(values.forward(v)).matmul(columns), batch); // (B, heads n, C)
    // a token's shares of each head sum to one, so that the bias comes along with them
    ys = out.bias().isPresent() ? ys.add(out.bias().get().mul(1.0 / heads)) : ys;
    return Tape.apply(new MatMul(true, false), shares, ys);
  }

  /** Scores of projected few tokens (heads, B n, d) and many as they are: (B, heads n, m). */
  private Tensor scores(Tensor few, Linear projection, long batch, Tensor many) {
    var scores = toTokens(few.matmul(rows(projection)), batch).matmulTransposed(many);
    if (projection.bias().isEmpty()) {
      return scores;
    }
    var bias = projection.bias().get();
    return scores.add(toTokens(few.matmul(bias.reshape(heads, -1, 1)), batch));
  }

  private double scale() {
    return 1 / Math.sqrt((double) queries.weight().size(0) / heads);
  }

  private Tensor rows(Linear projection) { // (heads, d, C)
    return projection.weight().reshape(heads, -1, projection.weight().size(1));
  }

  private Tensor byHead(Tensor x) { // (B, n, c) to (heads, B n, d)
    return x.reshape(x.size(0) * x.size(1), heads, -1).permute(1, 0, 2);
  }

  private Tensor together(Tensor x, long batch) { // (heads, B n, d) to (B, n, c)
    return x.permute(1, 0, 2).reshape(batch, x.size(1) / batch, heads * x.size(2));
  }

  private Tensor toTokens(Tensor x, long batch) { // (heads, B n, C) to (B, heads n, C)
    return x.reshape(heads, batch, x.size(1) / batch, x.size(2))
        .permute(1, 0, 2, 3)
        .reshape(batch, heads * x.size(1) / batch, x.size(2));
  }

  private Tensor fromTokens(Tensor x, long batch) { // (B, heads n, C) to (heads, B n, C)
    return x.reshape(batch, heads, x.size(1) / heads, x.size(2))
        .permute(1, 0, 2, 3)
        .reshape(heads, batch * x.size(1) / heads, x.size(2));
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
