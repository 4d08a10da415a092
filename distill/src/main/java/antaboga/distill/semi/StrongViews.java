// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Tensor;
import antaboga.nn.Layer;
import antaboga.nn.data.CutMix;
import antaboga.nn.data.MixedBatch;
import antaboga.nn.data.StrongAugment;
import antaboga.nn.loss.Loss;
import java.util.random.RandomGenerator;

/**
 * The student learns from another look at every image of a step: other colours, blur, and boxes
 * pasted from one image into another, labelled or not. Labelled images bring their masks y,
 * unlabelled ones the probabilities q of the student's average, and {@link CutMix} mixes both as it
 * mixes the images:
 *
 * <pre>{@code
 * L_strong = 1/2 (BCE + Dice)(s(mix(strong(x))), mix(y or q))
 * }</pre>
 *
 * <p>Targets are soft and no pixel is left out: with few labels hardly a pixel of a lesion is
 * certain, and a threshold would leave the background alone. This project's own combination, of the
 * strong views of FixMatch (Sohn et al. 2020, arXiv 2001.07685) and UniMatch (Yang et al. 2023,
 * arXiv 2208.09910) with the pasting between labelled and unlabelled images of BCP (Bai et al.
 * 2023, arXiv 2305.00673).
 */
final class StrongViews {
  private static final StrongAugment STRONG = new StrongAugment();
  private static final Loss LOSS = Supervised.loss();

  private StrongViews() {}

  /** The loss; q is the average's probability of the unlabelled images, (U, 1, H, W). */
  static Tensor of(Layer student, MixedBatch batch, Tensor q, RandomGenerator random) {
    var images = STRONG.of(Images.all(batch).tensor(), random.nextLong());
    var mix = CutMix.draw((int) images.size(0), random.nextLong());
    var logits = student.forward(mix.of(images));
    return LOSS.of(logits, mix.of(Tensor.concat(0, batch.mask(), q)));
  }
}
