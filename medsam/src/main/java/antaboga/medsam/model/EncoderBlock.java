// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Tensor;
import antaboga.nn.Layer;
import antaboga.nn.LayerNorm;
import antaboga.nn.Mlp;
import antaboga.nn.Weights;

/**
 * A block of the image encoder: attention within windows or over the whole image, then a two-layer
 * network, each after a norm and beside a residual; x and y (B, H, W, width). Source: {@code Block}
 * of segment_anything's image encoder.
 *
 * @param window side of a window, or 0 for the whole image
 */
record EncoderBlock(LayerNorm norm1, RelPosAttention attn, LayerNorm norm2, Mlp mlp, int window)
    implements Layer {
  private static final double EPS = 1e-6;

  EncoderBlock(Weights w, MedSamConfig c, int block) {
    this(
        new LayerNorm(w.at("norm1"), c.width(), EPS),
        new RelPosAttention(w.at("attn"), c, block),
        new LayerNorm(w.at("norm2"), c.width(), EPS),
        new Mlp(w.at("mlp"), c.width(), c.hidden()),
        c.window(block));
  }

  @Override
  public Tensor forward(Tensor x) {
    var attended = x.add(attention(norm1.forward(x)));
    return attended.add(mlp.forward(norm2.forward(attended)));
  }

  private Tensor attention(Tensor x) {
    return window == 0 ? attn.forward(x) : attn.within(new Windows(window), x);
  }
}
