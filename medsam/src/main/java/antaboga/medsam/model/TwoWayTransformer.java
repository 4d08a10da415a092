// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Tensor;
import antaboga.medsam.model.TwoWayBlock.Pair;
import antaboga.nn.LayerNorm;
import antaboga.nn.Weights;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Two {@linkplain TwoWayBlock blocks} and a last look of the tokens at the image; a token's
 * position is its own first value. Source: {@code TwoWayTransformer} of segment_anything.
 */
record TwoWayTransformer(List<TwoWayBlock> layers, DownscaledAttention last, LayerNorm norm) {
  private static final int DEPTH = 2;
  private static final int DOWNSCALE = 2;

  TwoWayTransformer(Weights w, MedSamConfig c) {
    this(
        IntStream.range(0, DEPTH)
            .mapToObj(
                i ->
                    new TwoWayBlock(
                        w.at("layers").at(i),
                        c.channels(),
                        c.decoderHeads(),
                        c.decoderMlp(),
                        DOWNSCALE,
                        i == 0))
            .toList(),
        new DownscaledAttention(
            w.at("final_attn_token_to_image"), c.channels(), c.decoderHeads(), DOWNSCALE),
        new LayerNorm(w.at("norm_final_attn"), c.channels(), TwoWayBlock.EPS));
  }

  /**
   * Both ways.
   *
   * @param tokens (B, n, C)
   * @param image (B, m, C)
   * @param keys the image with the positions of its tokens, (B, m, C)
   * @param positions those positions, (m, C)
   * @param wanted how many of the tokens, from the first on, are to be returned
   */
  Pair forward(Tensor tokens, Tensor image, Tensor keys, Tensor positions, long wanted) {
    var x = new Pair(tokens, image);
    for (var layer : layers) {
      x = layer.forward(x, keys, tokens);
      keys = x.image().add(positions);
    }
    var own = x.tokens().slice(1, 0, wanted);
    var attended = last.forward(own.add(tokens.slice(1, 0, wanted)), keys, x.image());
    return new Pair(norm.forward(own.add(attended)), x.image());
  }
}
