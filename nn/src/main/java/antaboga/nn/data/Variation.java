// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import antaboga.Tensor;
import antaboga.kernel.Workers;
import java.util.SplittableRandom;

/**
 * Varies the images of a step, whatever the method: each is warped with its mask, its brightness
 * raised to a power, and noise added to half of them. With few labels and many steps it is what
 * keeps a network from learning its images by heart.
 *
 * @param warped the share of images that a {@link Warp} is drawn for
 * @param gamma powers lie within 1 / gamma and gamma, evenly in their logarithm; 1 or more
 * @param noise the largest deviation of the noise, of images in [0, 1]
 */
public record Variation(double warped, double gamma, double noise) {
  /** Checks the ranges. */
  public Variation {
    if (!(warped >= 0 && warped <= 1 && gamma >= 1 && noise >= 0)) {
      throw new IllegalArgumentException(
          "variation: warped %s, gamma %s, noise %s, expected [0, 1], 1 or more, 0 or more"
              .formatted(warped, gamma, noise));
    }
  }

  /** Images as they are. */
  public static Variation none() {
    return new Variation(0, 1, 0);
  }

  /** Four of five images warped, powers of 0.6 to 1.6, noise of up to 0.03. */
  public static Variation moderate() {
    return new Variation(0.8, 1.6, 0.03);
  }

  /** A step's images, varied: a function of the batch, the step and the seed. */
  public MixedBatch of(MixedBatch batch, long step, long seed) {
    if (equals(none())) {
      return batch;
    }
    int labelled = (int) batch.labelled().size(0);
    int all = labelled + (int) batch.unlabelled().size(0);
    var warp = Warp.draw(all, warped, Seeds.of(seed, step, 0));
    var known = warp.slice(0, labelled);
    return new MixedBatch(
        exposed(known.of(batch.labelled()), Seeds.of(seed, step, 1)),
        halved(known.of(batch.mask())),
        batch.labelledViews(),
        exposed(warp.slice(labelled, all).of(batch.unlabelled()), Seeds.of(seed, step, 2)),
        batch.unlabelledViews(),
        new MixedBatch.Laid(batch.labelled(), batch.unlabelled(), warp));
  }

  /** A mask is 0 or 1 between pixels, too. */
  private static Tensor halved(Tensor mask) {
    var values = mask.toFloats();
    for (int i = 0; i < values.length; i++) {
      values[i] = values[i] >= 0.5f ? 1 : 0;
    }
    return Tensor.of(values, mask.shape().toArray());
  }

  private Tensor exposed(Tensor images, long seed) {
    var values = images.toFloats();
    int count = (int) images.size(0);
    int size = values.length / count;
    Workers.run(
        count,
        i -> {
          var random = new SplittableRandom(Seeds.of(seed, i));
          double power = Math.pow(gamma, 2 * random.nextDouble() - 1);
          double deviation = random.nextBoolean() ? noise * random.nextDouble() : 0;
          for (int j = i * size; j < (i + 1) * size; j++) {
            double v = Math.pow(values[j], power);
            v += deviation == 0 ? 0 : deviation * random.nextGaussian();
            values[j] = (float) Math.min(1, Math.max(0, v));
          }
        });
    return Tensor.of(values, images.shape().toArray());
  }
}
