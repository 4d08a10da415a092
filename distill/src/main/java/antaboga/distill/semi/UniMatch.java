// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.nn.Dropout;
import antaboga.nn.EncoderDecoder;
import antaboga.nn.Layer;
import antaboga.nn.data.CutMix;
import antaboga.nn.data.MixedBatch;
import antaboga.nn.data.StrongAugment;
import java.util.ArrayList;
import java.util.List;

/**
 * UniMatch, a competitor: what the student marks with confidence on an unlabelled image teaches it
 * on two strong views of the image (other colours, blur, CutMix) and on the image itself with half
 * of the channels of every encoder feature dropped,
 *
 * <pre>{@code
 * y = 1[s(x) > 0],  m = 1[max(p, 1 - p) >= 0.95],  p = sigmoid(s(x))
 * L = 1/2 (L_sup + 1/4 D(s1; y, m) + 1/4 D(s2; y, m) + 1/2 D(fp; y, m))
 * D = 1 - (2 sum(m p y) + a) / (sum(m p^2) + sum(m y^2) + a)
 * }</pre>
 *
 * <p>No gradient flows to y and m, which CutMix mixes as it mixes the view. Sources: Yang et al.
 * 2023, arXiv 2208.09910; {@code more-scenarios/medical/unimatch.py} of LiheYoung/UniMatch.
 * Deviations: L_sup is {@link Supervised}'s and D looks at the lesion alone, where the original
 * means over both classes; CutMix pastes from the same batch, not from another one; images are RGB,
 * so that the jitter turns hue and saturation too.
 *
 * @param students the student and its average, which only follows
 * @param confidence below which a pixel does not teach
 */
public record UniMatch(Students students, double confidence)
    implements SemiSupervisedTraining.Objective {
  private static final StrongAugment STRONG = new StrongAugment();
  private static final Layer DROPOUT = Dropout.ofChannels(0.5);

  /** Checks that features can be perturbed between encoder and decoder. */
  public UniMatch {
    if (!(students.current() instanceof EncoderDecoder)) {
      throw new IllegalArgumentException(
          "UniMatch: %s has no separate decoder, whose features it perturbs; take VssUNet or UNet"
              .formatted(students.current().getClass().getSimpleName()));
    }
  }

  /** With 0.95. */
  public static UniMatch of(Students students) {
    return new UniMatch(students, 0.95);
  }

  @Override
  public Losses of(MixedBatch batch, int step) {
    var random = Tape.current().orElseThrow().random();
    var network = (EncoderDecoder) students.current();
    var features = network.encode(Images.all(batch).tensor());
    var weak = Halves.of(network.decode(features), batch);
    var dropped = network.decode(dropped(features, batch));

    var label = Regions.hard(weak.unlabelled());
    var trusted = Confidence.mask(weak.unlabelled().stopGradient().sigmoid(), confidence);
    int images = (int) label.size(0);
    var mixes = new ArrayList<CutMix>();
    var views = new ArrayList<Tensor>();
    for (int view = 0; view < 2; view++) {
      var mix = CutMix.draw(images, random.nextLong());
      mixes.add(mix);
      views.add(mix.of(STRONG.of(batch.unlabelled(), random.nextLong())));
    }
    var strong = network.forward(Tensor.concat(0, views));
    return Losses.none()
        .plus("supervised", 0.5, weak.supervised(batch))
        .plus("strong", 0.125, strong(strong.slice(0, 0, images), label, trusted, mixes.get(0)))
        .plus(
            "strong second",
            0.125,
            strong(strong.slice(0, images, 2L * images), label, trusted, mixes.get(1)))
        .plus("features", 0.25, Regions.dice(dropped, label, trusted));
  }

  private static List<Tensor> dropped(List<Tensor> features, MixedBatch batch) {
    return features.stream().map(f -> DROPOUT.forward(Halves.of(f, batch).unlabelled())).toList();
  }

  private static Tensor strong(Tensor logits, Tensor label, Tensor trusted, CutMix mix) {
    return Regions.dice(logits, mix.of(label), mix.of(trusted));
  }

  @Override
  public String toString() {
    return "UniMatch[confidence=" + confidence + "]";
  }
}
