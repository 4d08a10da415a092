// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.medsam.model.Prompts;
import antaboga.medsam.model.Sam;
import antaboga.medsam.model.Upsampling;
import java.util.List;

/**
 * An encoded image that answers boxes with masks. A value; many threads may ask it at once.
 *
 * <p>Boxes and masks are in pixels of the original image.
 */
public final class Scene {
  private static final double THRESHOLD = 0.5;

  private final Sam sam;
  private final Tensor embedding;
  private final int height;
  private final int width;

  Scene(Sam sam, Tensor embedding, int height, int width) {
    this.sam = sam;
    this.embedding = embedding;
    this.height = height;
    this.width = width;
  }

  /** The number of rows of the original image. */
  public int height() {
    return height;
  }

  /** The number of columns of the original image. */
  public int width() {
    return width;
  }

  /** What the image encoder made of the image: (1, channels, g, g). */
  public Tensor embedding() {
    return embedding;
  }

  /**
   * The mask of the object in a box: where its probability is above one half.
   *
   * @throws IllegalArgumentException if the box lies outside the image or reaches beyond it
   */
  public Mask segment(Box box) {
    var iou = new double[1];
    var probability = probability(box, iou);
    return Mask.above(probability.toFloats(), THRESHOLD, height, width, iou[0]);
  }

  /**
   * The probability of each pixel to belong to the object in a box: (height, width).
   *
   * @throws IllegalArgumentException if the box lies outside the image or reaches beyond it
   */
  public Tensor probability(Box box) {
    return probability(box, new double[1]);
  }

  private Tensor probability(Box box, double[] iou) {
    int input = sam.config().input();
    var scaled = box.within(height, width).scaled((double) input / width, (double) input / height);
    return Tape.scoped(
        () -> {
          var prompts = Prompts.boxes(Box.tensor(List.of(scaled)).to(embedding.type()));
          var masks = sam.decode(embedding, prompts, false);
          iou[0] = masks.iou().item();
          return Upsampling.probabilities(masks.logits(), height, width).reshape(height, width);
        });
  }

  @Override
  public String toString() {
    return "Scene of %d x %d".formatted(width, height);
  }
}
