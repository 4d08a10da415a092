// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Tensor;
import antaboga.nn.Activation;
import antaboga.nn.LayerNorm;
import antaboga.nn.Mlp;
import antaboga.nn.Weights;

/**
 * Four steps between prompt tokens (B, n, C) and image tokens (B, m, C): the prompt tokens attend
 * to one another, then to the image, pass a two-layer network, and the image attends to them. Each
 * step has a residual and a norm. Source: {@code TwoWayAttentionBlock} of segment_anything.
 *
 * @param first whether this is the first block: its self-attention knows no positions and replaces
 *     the tokens
 */
record TwoWayBlock(
    DownscaledAttention self,
    LayerNorm norm1,
    DownscaledAttention toImage,
    LayerNorm norm2,
    Mlp mlp,
    LayerNorm norm3,
    LayerNorm norm4,
    DownscaledAttention toTokens,
    boolean first) {
  /** Of the decoder's norms; the encoder has another one. */
  static final double EPS = 1e-5;

  TwoWayBlock(Weights w, int channels, int heads, int hidden, int downscale, boolean first) {
    this(
        new DownscaledAttention(w.at("self_attn"), channels, heads, 1),
        new LayerNorm(w.at("norm1"), channels, EPS),
        new DownscaledAttention(w.at("cross_attn_token_to_image"), channels, heads, downscale),
        new LayerNorm(w.at("norm2"), channels, EPS),
        new Mlp(w.at("mlp"), channels, hidden, Activation.RELU),
        new LayerNorm(w.at("norm3"), channels, EPS),
        new LayerNorm(w.at("norm4"), channels, EPS),
        new DownscaledAttention(w.at("cross_attn_image_to_token"), channels, heads, downscale),
        first);
  }

  /** Tokens of the prompts and of the image. */
  record Pair(Tensor tokens, Tensor image) {}

  /** The keys are the image's tokens with their positions. */
  Pair forward(Pair x, Tensor keys, Tensor tokenPositions) {
    var tokens = x.tokens();
    if (first) {
      tokens = self.forward(tokens, tokens, tokens);
    } else {
      var q = tokens.add(tokenPositions);
      tokens = tokens.add(self.forward(q, q, tokens));
    }
    tokens = norm1.forward(tokens);
    tokens =
        norm2.forward(tokens.add(toImage.forward(tokens.add(tokenPositions), keys, x.image())));
    tokens = norm3.forward(tokens.add(mlp.forward(tokens)));
    var image =
        norm4.forward(x.image().add(toTokens.forward(keys, tokens.add(tokenPositions), tokens)));
    return new Pair(tokens, image);
  }
}
