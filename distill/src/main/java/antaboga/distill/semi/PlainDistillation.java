// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Tensor;
import antaboga.Window;
import antaboga.distill.Embeddings;
import antaboga.distill.Grids;
import antaboga.nn.Conv2d;
import antaboga.nn.Layer;
import antaboga.nn.Segmenter;
import antaboga.nn.Weights;
import antaboga.nn.data.MixedBatch;
import antaboga.nn.loss.MeanSquared;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Plain feature distillation, a competitor: at each tap, the student's map F, led to the teacher's
 * width by a 1x1 convolution r of its own, shall equal the teacher's embedding E,
 *
 * <pre>{@code
 * L = L_sup + l mean over taps of mean((r(F) - E)^2)
 * }</pre>
 *
 * <p>on labelled and unlabelled images, from the first step on; F is averaged to E's grid, or E to
 * F's, whichever is coarser; l = 1. E comes out of the neck's layer norm, so its variance is about
 * 1. Sources: Romero et al. 2015 (FitNets), arXiv 1412.6550; the plain squared error on SAM's
 * embedding is that of MobileSAM, arXiv 2306.14289, and LiteMedSAM. Deviations: FitNets trains its
 * hint first and the task afterwards, here both together.
 */
public final class PlainDistillation implements SemiSupervisedTraining.Objective {
  private record Tapped(Segmenter.Tap tap, Layer regressor) {}

  private static final MeanSquared SQUARED = new MeanSquared();

  private final Students students;
  private final Embeddings embeddings;
  private final double weight;
  private final long seed;
  private final Weights weights;
  private final List<Tapped> taps;

  /**
   * Distillation at these taps.
   *
   * @param weight l
   * @param seed of the first weights of r
   */
  public PlainDistillation(
      Students students, Embeddings embeddings, List<String> taps, double weight, long seed) {
    this.students = students;
    this.embeddings = embeddings;
    this.weight = weight;
    this.seed = seed;
    this.weights = Weights.init(seed);
    this.taps =
        taps.stream().map(students.current()::tap).map(tap -> tapped(tap, weights)).toList();
  }

  private Tapped tapped(Segmenter.Tap tap, Weights all) {
    int width = embeddings.config().width();
    var w = all.at("regressors").at(tap.name());
    return new Tapped(tap, new Conv2d(w, tap.channels(), width, Window.of(1)));
  }

  @Override
  public Weights weights() {
    return weights;
  }

  @Override
  public Losses of(MixedBatch batch, int step) throws IOException {
    var images = Images.all(batch);
    var student = students.current().observe(images.tensor());
    var maps = images.embedded(embeddings);
    var terms = new ArrayList<Tensor>();
    for (var tapped : taps) {
      var feature = student.feature(tapped.tap.name());
      var target = maps.at((int) feature.size(-1));
      var pooled = Grids.pool(feature, (int) target.size(-1));
      terms.add(SQUARED.of(tapped.regressor.forward(pooled), target));
    }
    var logits = Halves.of(student.logits(), batch);
    return Losses.of("supervised", logits.supervised(batch)).plusMean("feature", weight, terms);
  }

  @Override
  public String toString() {
    return "PlainDistillation[taps=%s, weight=%s, %s, seed=%d]"
        .formatted(taps.stream().map(t -> t.tap.name()).toList(), weight, embeddings, seed);
  }
}
