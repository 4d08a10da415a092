// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.Tensor;
import antaboga.medsam.model.Upsampling;

/**
 * An image's place in the model's square input.
 *
 * @param input side of the square
 * @param height rows of the image
 * @param width columns of the image
 */
record Frame(Preparation preparation, int input, int height, int width) {
  static Frame of(Preparation preparation, int input, Image image) {
    return new Frame(preparation, input, image.height(), image.width());
  }

  private LongestSide longest() {
    return new LongestSide(input);
  }

  private boolean stretched() {
    return preparation == Preparation.MEDSAM;
  }

  /** The image as the model takes it: (1, 3, input, input). */
  Tensor prepared(Image image) {
    return stretched() ? image.prepared(input) : longest().prepared(image);
  }

  /** The columns of the square that hold the image. */
  int usedWidth() {
    return stretched() ? input : longest().width(height, width);
  }

  /** The rows of the square that hold the image. */
  int usedHeight() {
    return stretched() ? input : longest().height(height, width);
  }

  /** The square's pixels for one of the image, along a row. */
  double horizontal() {
    return (double) usedWidth() / width;
  }

  /** The same along a column. */
  double vertical() {
    return (double) usedHeight() / height;
  }

  /** What is held against {@link #threshold}: (K, m, height, width) from logits (K, m, h, w). */
  Tensor scores(Tensor logits) {
    return stretched()
        ? Upsampling.probabilities(logits, height, width)
        : Upsampling.logits(logits, input, usedHeight(), usedWidth(), height, width);
  }

  double threshold() {
    return stretched() ? 0.5 : 0;
  }

  /** The probability of each pixel, (K, m, height, width). */
  Tensor probabilities(Tensor logits) {
    return stretched() ? scores(logits) : scores(logits).sigmoid();
  }
}
