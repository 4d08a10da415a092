// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.nn.data.MixedBatch;
import antaboga.nn.metric.Connectivity;
import antaboga.nn.metric.Region;
import java.util.random.RandomGenerator;

/**
 * BCP, a competitor: labelled and unlabelled images pasted into one another, both ways. M is 0 in a
 * random box of two thirds of each side, else 1; a and b are the halves of the labelled images l
 * and of the unlabelled ones u; what the average marks on u, its largest component alone, is u's
 * label:
 *
 * <pre>{@code
 * first quarter:  l_a M + l_b (1 - M)
 * then:           u_a M + l_a (1 - M)   and   l_b M + u_b (1 - M)
 * L = sum over images and both regions of w 1/2 (Dice + BCE), w = 1 on masks, 1/2 on u's labels
 * }</pre>
 *
 * <p>Sources: Bai et al. 2023, arXiv 2305.00673; {@code ACDC_BCP_train.py} of DeepMed-Lab-ECNU/BCP,
 * whose stages of 10,000 and 30,000 steps give the quarter. Deviations: the Dice is of the lesion
 * alone, as in {@link Supervised}; the second stage goes on from the first's last weights and
 * average rather than from its best on validation; the average infers.
 *
 * @param students the student and its average
 * @param first steps of the first stage
 * @param pseudo the weight of u's labels
 */
public record BidirectionalCopyPaste(Students students, long first, double pseudo)
    implements SemiSupervisedTraining.Objective {
  /** The settings above for a run of so many steps. */
  public static BidirectionalCopyPaste of(Students students, long steps) {
    return new BidirectionalCopyPaste(students, steps / 4, 0.5);
  }

  @Override
  public Losses of(MixedBatch batch, int step) {
    requireHalves(batch);
    var labelled = batch.labelled();
    int height = (int) labelled.size(2);
    int width = (int) labelled.size(3);
    var outside = outside(height, width, Tape.current().orElseThrow().random());
    var a = Part.of(labelled, batch.mask(), 0);
    var b = Part.of(labelled, batch.mask(), 1);
    if (step < first) {
      var logits = students.current().forward(mixed(a.images, b.images, outside));
      return Losses.of(
          "supervised", term(logits, a, outside).add(term(logits, b, inside(outside))));
    }
    var label = largest(students.averageOf(batch.unlabelled()));
    var c = Part.of(batch.unlabelled(), label, 0);
    var d = Part.of(batch.unlabelled(), label, 1);
    var images =
        Tensor.concat(0, mixed(c.images, a.images, outside), mixed(b.images, d.images, outside));
    var logits = students.current().forward(images);
    var one = logits.slice(0, 0, logits.size(0) / 2);
    var two = logits.slice(0, logits.size(0) / 2, logits.size(0));
    return Losses.of("supervised", term(one, a, inside(outside)).add(term(two, b, outside)))
        .plus("pseudo", pseudo, term(one, c, outside).add(term(two, d, inside(outside))));
  }

  private static void requireHalves(MixedBatch batch) {
    long labelled = batch.labelled().size(0);
    long unlabelled = batch.unlabelled().size(0);
    if (labelled % 2 != 0 || labelled != unlabelled) {
      throw new IllegalArgumentException(
          "BCP: %d labelled and %d unlabelled images in a step, expected equally many, an even number"
              .formatted(labelled, unlabelled));
    }
  }

  /** Half of some images, and what they are labelled with. */
  private record Part(Tensor images, Tensor label) {
    static Part of(Tensor images, Tensor label, int half) {
      long size = images.size(0) / 2;
      return new Part(
          images.slice(0, half * size, (half + 1) * size),
          label.slice(0, half * size, (half + 1) * size));
    }
  }

  private static Tensor term(Tensor logits, Part part, Tensor region) {
    var all = region.expand(part.label.shape().toArray());
    return Regions.supervised(logits, part.label, all);
  }

  /** M, (1, 1, H, W). */
  static Tensor outside(int height, int width, RandomGenerator random) {
    int boxHeight = height * 2 / 3;
    int boxWidth = width * 2 / 3;
    int top = random.nextInt(height - boxHeight);
    int left = random.nextInt(width - boxWidth);
    var values = new float[height * width];
    for (int i = 0; i < values.length; i++) {
      int y = i / width - top;
      int x = i % width - left;
      values[i] = y >= 0 && y < boxHeight && x >= 0 && x < boxWidth ? 0 : 1;
    }
    return Tensor.of(values, 1, 1, height, width);
  }

  private static Tensor inside(Tensor outside) {
    return outside.affine(-1, 1);
  }

  /** {@code x M + y (1 - M)}. */
  static Tensor mixed(Tensor x, Tensor y, Tensor outside) {
    return x.mul(outside).add(y.mul(inside(outside)));
  }

  /** What is more likely than not, of each image (B, 1, H, W) its largest component alone. */
  static Tensor largest(Tensor probability) {
    int height = (int) probability.size(2);
    int width = (int) probability.size(3);
    int area = height * width;
    var all = probability.toFloats();
    var values = new float[all.length];
    for (int at = 0; at < all.length; at += area) {
      int from = at;
      var one = java.util.Arrays.copyOfRange(all, at, at + area);
      Region.above(one, 0.5, height, width).components(Connectivity.FULL).stream()
          .findFirst()
          .ifPresent(part -> place(part.toBytes(), values, from));
    }
    return Tensor.of(values, probability.shape().toArray());
  }

  private static void place(byte[] part, float[] values, int at) {
    for (int i = 0; i < part.length; i++) {
      values[at + i] = part[i];
    }
  }

  @Override
  public String toString() {
    return "BidirectionalCopyPaste[first=%d, pseudo=%s]".formatted(first, pseudo);
  }
}
