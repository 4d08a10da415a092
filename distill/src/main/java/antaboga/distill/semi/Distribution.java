// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Tensor;
import antaboga.distill.Grids;
import antaboga.nn.Init;
import antaboga.nn.Segmenter;
import antaboga.nn.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * The part of the loss that looks at how features are distributed: one tap, mapped by a linear
 * layer to a few dimensions, with lesion and background as Gaussians. Unlabelled images shall have
 * the classes of the labelled ones (a bank keeps those), classes shall differ, and prediction and
 * features of each image shall agree. Source: method.md, section 7.3.
 */
public final class Distribution {
  /**
   * Weights and the tap.
   *
   * @param weight of all terms together, times the ramp; 0 leaves them out
   * @param align of {@link Alignment}
   * @param separate of {@link Separation}
   * @param posterior of {@link PosteriorConsistency}
   * @param width D, the dimensions that features are mapped to
   * @param tap the name of the student's tap
   */
  public record Config(
      double weight, double align, double separate, double posterior, int width, String tap) {
    /** The values of method.md: 0.5, 1, 0.1, 0.5; 16 dimensions. */
    public static Config of(String tap) {
      return new Config(0.5, 1, 0.1, 0.5, 16, tap);
    }

    /** Without these terms. */
    public static Config off() {
      return new Config(0, 0, 0, 0, 0, "");
    }

    /** The same with other weights of the three terms. */
    public Config withTerms(double alignment, double separation, double consistency) {
      return new Config(weight, alignment, separation, consistency, width, tap);
    }

    boolean isOff() {
      return weight == 0;
    }
  }

  private static final double EPS = 1e-4;

  private final Config config;
  private final Tensor map; // (D, C)
  private final ClassBank bank;
  private final PosteriorConsistency consistency;

  Distribution(Config config, Weights w, Segmenter student) {
    this.config = config;
    int channels = student.tap(config.tap()).channels();
    this.map = w.get("weight", Init.fanIn(channels), config.width(), channels);
    this.bank = new ClassBank(w.at("bank"), config.width());
    this.consistency = PosteriorConsistency.ofWidth(config.width());
  }

  /**
   * The terms of a step.
   *
   * @param student its pass over labelled, then unlabelled images
   * @param mask of the labelled ones, (L, 1, H, W)
   * @param weight the ramp
   * @param confidence below which a probability does not teach
   */
  Losses of(Segmenter.Output student, Tensor mask, double weight, double confidence) {
    var feature = student.feature(config.tap()); // (B, C, s, s)
    int side = (int) feature.size(-1);
    long labelled = mask.size(0);
    long all = feature.size(0);
    var f = feature.permute(0, 2, 3, 1).reshape(all, -1, feature.size(1)).linear(map); // (B, M, D)
    var truth = Grids.pool(mask, side).reshape(-1);
    var logits = Grids.poolLogits(student.logits().slice(0, labelled, all), side);
    var known = statistics(f.slice(0, 0, labelled), truth);
    var guessed = statistics(f.slice(0, labelled, all), logits.reshape(-1).sigmoid());
    bank.follow(known);

    double scale = weight * config.weight();
    var losses = Losses.none();
    if (guessed.isSupported() && config.align() > 0 && bank.statistics().isPresent()) {
      var align = new Alignment().of(guessed, bank.statistics().get());
      losses = losses.plus("align", scale * config.align(), align);
    }
    if (guessed.isSupported() && config.separate() > 0) {
      losses = losses.plus("separate", scale * config.separate(), new Separation().of(guessed));
    }
    if (known.isSupported() && config.separate() > 0) {
      var separate = new Separation().of(known);
      losses = losses.plus("separate labelled", scale * config.separate(), separate);
    }
    if (config.posterior() > 0) {
      var terms = posterior(f.slice(0, labelled, all), logits, confidence);
      losses = losses.plusMean("posterior", scale * config.posterior(), terms);
    }
    return losses;
  }

  private static ClassStatistics statistics(Tensor features, Tensor probability) {
    return ClassStatistics.of(features.reshape(-1, features.size(-1)), probability, EPS);
  }

  /** One term for each image in which both classes have enough weight. */
  private List<Tensor> posterior(Tensor features, Tensor logits, double confidence) {
    var terms = new ArrayList<Tensor>();
    for (long i = 0; i < logits.size(0); i++) {
      var z = logits.index(0, i).reshape(-1);
      double lesion = z.stopGradient().sigmoid().sum().item();
      if (Math.min(lesion, z.shape().elements() - lesion) >= ClassStatistics.FEWEST) {
        terms.add(consistency.of(features.index(0, i), z, confidence));
      }
    }
    return terms;
  }
}
