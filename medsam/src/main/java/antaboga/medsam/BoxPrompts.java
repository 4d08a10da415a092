// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.Tensor;
import antaboga.nn.metric.Connectivity;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Draws box prompts from true masks, for training: the box of the whole mask or of one of its
 * connected parts, with the mask cut to that part; each side is moved outward by a number of pixels
 * of its own.
 *
 * @param least pixels of a part that counts; smaller ones are noise
 * @param jitter most pixels by which a side moves
 * @param wholeToo whether the whole mask is one of the objects to draw from; not, where a mask
 *     shows many objects, such as nuclei
 */
public record BoxPrompts(int least, int jitter, boolean wholeToo) {
  /** Checks the numbers. */
  public BoxPrompts {
    if (least < 1 || jitter < 0) {
      throw new IllegalArgumentException(
          "box prompts: least %d, jitter %d, expected >= 1 and >= 0".formatted(least, jitter));
    }
  }

  /** For images of 256 pixels: parts of 64 pixels or more, sides moved by 0 to 5 (method 4.8). */
  public static BoxPrompts small() {
    return new BoxPrompts(64, 5, true);
  }

  /**
   * MedSAM's numbers, which are made for 1024 pixels, for images of another size: parts of 100
   * pixels or more, sides moved by 0 to 20. A lesion is asked for as a whole, and where it has
   * several parts, each of them too.
   */
  public static BoxPrompts medSam(int size) {
    double scale = size / 1024.0;
    int least = (int) Math.max(1, Math.round(100 * scale * scale));
    return new BoxPrompts(least, (int) Math.round(20 * scale), true);
  }

  /** The same with sides that move by so many pixels at most. */
  public BoxPrompts withJitter(int pixels) {
    return new BoxPrompts(least, pixels, wholeToo);
  }

  /** The same for masks of many objects: never the whole mask. */
  public BoxPrompts partsOnly() {
    return new BoxPrompts(least, jitter, false);
  }

  /**
   * A prompt and what the model shall answer.
   *
   * @param box the prompt
   * @param target the part of the truth that it means
   */
  public record Prompt(Box box, Mask target) {
    /** The box as training takes it: (1, 4). */
    public Tensor boxTensor() {
      return Box.tensor(List.of(box));
    }

    /** The target as training takes it: (1, 1, height, width), 0 or 1. */
    public Tensor targetTensor() {
      var inside = target.toBytes();
      var values = new float[inside.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = inside[i];
      }
      return Tensor.of(values, 1, 1, target.height(), target.width());
    }
  }

  /** A prompt on this mask; empty if nothing in it is large enough. */
  public Optional<Prompt> draw(RandomGenerator random, Mask truth) {
    var target = target(random, truth);
    return target.map(
        mask ->
            new Prompt(
                mask.box().orElseThrow().jittered(random, jitter, mask.height(), mask.width()),
                mask));
  }

  private Optional<Mask> target(RandomGenerator random, Mask truth) {
    if (truth.isEmpty()) {
      return Optional.empty();
    }
    var parts = least > truth.count() ? List.<Mask>of() : truth.parts(Connectivity.FULL, least);
    if (wholeToo && (parts.size() <= 1 || random.nextBoolean())) {
      return Optional.of(truth);
    }
    return parts.isEmpty()
        ? Optional.empty()
        : Optional.of(parts.get(random.nextInt(parts.size())));
  }
}
