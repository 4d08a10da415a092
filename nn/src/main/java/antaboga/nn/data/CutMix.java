// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import antaboga.ShapeException;
import antaboga.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Pastes a box of another image of the batch into an image, with the given probability. What was
 * drawn for the images can be applied to their masks, pseudo labels and confidences alike.
 *
 * <p>Source: Yun et al. 2019, arXiv 1905.04899; sizes of the box as in UniMatch (Yang et al. 2023).
 */
public final class CutMix {
  /** A box in shares of the side, and the image that it comes from. */
  private record Paste(int from, double top, double left, double height, double width) {}

  private final List<Paste> pastes;

  private CutMix(List<Paste> pastes) {
    this.pastes = List.copyOf(pastes);
  }

  /** Boxes of 2 to 40 % of the area with sides in a ratio of 0.3 to 3.3, for half of the images. */
  public static CutMix draw(int images, long seed) {
    return draw(images, 0.5, seed);
  }

  /** Boxes for a share of the images. */
  public static CutMix draw(int images, double probability, long seed) {
    var pastes = new ArrayList<Paste>();
    for (int i = 0; i < images; i++) {
      var random = new SplittableRandom(Seeds.of(seed, i));
      boolean whole = random.nextDouble() >= probability || images < 2;
      int partner = images < 2 ? i : (i + 1 + random.nextInt(images - 1)) % images;
      double area = 0.02 + 0.38 * random.nextDouble();
      double ratio = 0.3 + 3 * random.nextDouble();
      double height = Math.min(1, Math.sqrt(area * ratio));
      double width = Math.min(1, area / height);
      double top = (1 - height) * random.nextDouble();
      double left = (1 - width) * random.nextDouble();
      pastes.add(whole ? new Paste(i, 0, 0, 0, 0) : new Paste(partner, top, left, height, width));
    }
    return new CutMix(pastes);
  }

  /**
   * The images, or what belongs to them, with the boxes pasted: x (B, C, H, W), a constant.
   *
   * @throws ShapeException if B is not the number of images that the boxes were drawn for
   */
  public Tensor of(Tensor x) {
    var shape = x.shape();
    if (shape.rank() != 4 || shape.size(0) != pastes.size()) {
      throw new ShapeException(
          "CutMix: shape %s, expected (%d, C, H, W)".formatted(shape, pastes.size()));
    }
    int channels = (int) shape.size(1);
    int height = (int) shape.size(2);
    int width = (int) shape.size(3);
    var from = x.toFloats();
    var to = from.clone();
    for (int i = 0; i < pastes.size(); i++) {
      var paste = pastes.get(i);
      int top = (int) Math.round(paste.top * height);
      int bottom = (int) Math.round((paste.top + paste.height) * height);
      int left = (int) Math.round(paste.left * width);
      int right = (int) Math.round((paste.left + paste.width) * width);
      for (int c = 0; c < channels; c++) {
        for (int y = top; y < bottom; y++) {
          int source = ((paste.from * channels + c) * height + y) * width + left;
          int target = ((i * channels + c) * height + y) * width + left;
          System.arraycopy(from, source, to, target, right - left);
        }
      }
    }
    return Tensor.of(to, shape.toArray());
  }
}
