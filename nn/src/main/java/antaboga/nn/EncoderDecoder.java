// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Tensor;
import java.util.List;

/**
 * A segmenter whose decoder sees nothing of the image but the encoder's features, so that features
 * can be perturbed between the two: {@code forward(x) = decode(encode(x))}, bit for bit.
 */
public interface EncoderDecoder extends Segmenter {
  /** What the decoder is given, finest first: maps (B, C, h, w), each with sizes of its own. */
  List<Tensor> encode(Tensor image);

  /** Logits (B, 1, H, W) of such features. */
  Tensor decode(List<Tensor> features);
}
