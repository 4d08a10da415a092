// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Tensor;

/**
 * From the decoder's low-resolution logits to an image's own pixels, by MedSAM's rule and by SAM's.
 */
public final class Upsampling {
  private Upsampling() {}

  /** Logits (K, m, h, w) at another size, as MedSAM's training compares them with masks. */
  public static Tensor bilinear(Tensor logits, long height, long width) {
    return Pending.bilinear(logits, height, width);
  }

  /**
   * MedSAM's rule: the sigmoid first, then bilinear resampling; a mask is where this is above 0.5.
   *
   * @param logits (K, m, h, w)
   * @return probabilities (K, m, height, width)
   */
  public static Tensor probabilities(Tensor logits, long height, long width) {
    return bilinear(logits.sigmoid(), height, width);
  }

  /**
   * SAM's rule: the logits are resampled to the padded input image, the padding is cut off, the
   * rest is resampled to the image; a mask is where this is above 0.
   *
   * @param logits (K, m, h, w)
   * @param input side of the model's input
   * @param usedHeight rows of it that hold the image
   * @param usedWidth columns of it that hold the image
   * @return logits (K, m, height, width)
   */
  public static Tensor logits(
      Tensor logits, int input, int usedHeight, int usedWidth, long height, long width) {
    var image = bilinear(logits, input, input).slice(2, 0, usedHeight).slice(3, 0, usedWidth);
    return bilinear(image, height, width);
  }
}
