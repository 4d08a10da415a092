// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Tensor;
import antaboga.nn.Layer;
import antaboga.nn.data.CutMix;
import antaboga.nn.data.MixedBatch;
import antaboga.nn.loss.Loss;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The student learns from another look at the images of a step, as varied as they are: boxes pasted
 * from one image into another, labelled or not. Labelled images bring their masks y, unlabelled
 * ones the probabilities q that the student's average gives them before they were varied, in the
 * mean over their eight layings, and {@link CutMix} mixes both as it mixes the images:
 *
 * <pre>{@code
 * L_strong = 1/2 (BCE + Dice)(s(mix(x)), mix(y or q))
 * }</pre>
 *
 * <p>Targets are soft and no pixel is left out: with few labels hardly a pixel of a lesion is
 * certain, and a threshold would leave the background alone. But an unlabelled image in which the
 * average marks nothing waits: that there is no lesion may be wrong, and a student that finds none
 * yet would be kept from finding any. This project's own combination, of the strong views of
 * FixMatch (Sohn et al. 2020, arXiv 2001.07685) and UniMatch (Yang et al. 2023, arXiv 2208.09910)
 * with the pasting between labelled and unlabelled images of BCP (Bai et al. 2023, arXiv
 * 2305.00673).
 */
final class StrongViews {
  private static final Loss LOSS = Supervised.loss();

  private StrongViews() {}

  /**
   * What teaches.
   *
   * @param images (B, C, H, W)
   * @param target y or q, (B, 1, H, W), a constant
   */
  record Taught(Tensor images, Tensor target) {
    /** Labelled images and, given q of the others, those in which a pixel is marked. */
    static Taught of(MixedBatch batch, Tensor q) {
      var images = new ArrayList<>(List.of(batch.labelled()));
      var targets = new ArrayList<>(List.of(batch.mask()));
      for (long i = 0; i < q.size(0); i++) {
        var one = q.slice(0, i, i + 1);
        if (Regions.any(one, 0.5)) {
          images.add(batch.unlabelled().slice(0, i, i + 1));
          targets.add(one);
        }
      }
      return new Taught(Tensor.concat(0, images), Tensor.concat(0, targets));
    }
  }

  /** The loss. */
  static Tensor of(Layer student, Taught taught, RandomGenerator random) {
    var mix = CutMix.draw((int) taught.images.size(0), random.nextLong());
    return LOSS.of(student.forward(mix.of(taught.images)), mix.of(taught.target));
  }
}
