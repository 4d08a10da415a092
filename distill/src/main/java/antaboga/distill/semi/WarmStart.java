// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.nn.Layer;
import antaboga.nn.data.MixedBatch;
import antaboga.nn.data.StrongAugment;
import antaboga.nn.loss.Loss;
import java.util.ArrayList;
import java.util.random.RandomGenerator;

/**
 * What a student learns before it meets its own images: to mark what masks of other sets mark,
 * those that its teacher has learned from. Colours are changed as in strong views, and brightness
 * is turned round (x becomes 1 - x) where that makes the marked part as bright or dark, beside the
 * rest, as the lesions are that the student will look for. {@code 1/2 (BCE + Dice)}, as {@link
 * Supervised}.
 *
 * @param student what is trained
 * @param bright the share of those lesions that are brighter than the rest of their image
 */
public record WarmStart(Layer student, double bright) implements SemiSupervisedTraining.Objective {
  private static final StrongAugment JITTER = new StrongAugment();
  private static final Loss LOSS = Supervised.loss();

  /** Checks the share. */
  public WarmStart {
    if (!(bright >= 0 && bright <= 1)) {
      throw new IllegalArgumentException("warm start: share " + bright + ", expected 0 to 1");
    }
  }

  @Override
  public Losses of(MixedBatch batch, int step) {
    var random = Tape.current().orElseThrow().random();
    var images = turned(JITTER.of(batch.labelled(), random.nextLong()), batch.mask(), random);
    return Losses.of("supervised", LOSS.of(student.forward(images), batch.mask()));
  }

  /** The images (B, C, H, W), some with their brightness turned round. */
  Tensor turned(Tensor images, Tensor mask, RandomGenerator random) {
    var all = new ArrayList<Tensor>();
    for (long i = 0; i < images.size(0); i++) {
      var image = images.slice(0, i, i + 1);
      boolean wanted = random.nextDouble() < bright;
      boolean is = marksBright(image, mask.slice(0, i, i + 1));
      all.add(is == wanted ? image : image.affine(-1, 1));
    }
    return Tensor.concat(0, all);
  }

  private static boolean marksBright(Tensor image, Tensor mask) {
    return image.mul(mask).mean().item() > image.mean().item() * mask.mean().item();
  }

  @Override
  public String toString() {
    return "WarmStart[bright=" + bright + "]";
  }
}
