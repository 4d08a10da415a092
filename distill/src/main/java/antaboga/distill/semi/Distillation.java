// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.distill.Embeddings;
import antaboga.distill.FeatureMatch;
import antaboga.distill.Grids;
import antaboga.distill.PrincipalComponents;
import antaboga.distill.Projector;
import antaboga.distill.ResponseMatch;
import antaboga.nn.Segmenter;
import antaboga.nn.Weights;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * The teacher's part of the loss: at each tap of the student, the feature and the response term
 * against the teacher's embedding, which a projector of the tap's own maps into the student's
 * space. Both maps are averaged to the coarser of their two grids. Source: method.md, section 7.2.
 */
public final class Distillation {
  /**
   * Weights and taps.
   *
   * @param weight of all terms together; 0 leaves the teacher out
   * @param response alpha, of the response term, times the ramp
   * @param orthogonality of the projectors' own term
   * @param detachTarget whether projectors stay where they started
   * @param start the batches whose embeddings the projectors start from; 0 for a random start
   * @param taps the names of the student's taps
   */
  public record Config(
      double weight,
      double response,
      double orthogonality,
      boolean detachTarget,
      int start,
      List<String> taps) {
    /** Keeps a copy of the list. */
    public Config {
      taps = List.copyOf(taps);
    }

    /** The values of method.md, section 8: 1, 1 and 1e-2, started from a hundred batches. */
    public static Config of(String... taps) {
      return new Config(1, 1, 1e-2, false, 100, List.of(taps));
    }

    /** Without a teacher. */
    public static Config off() {
      return new Config(0, 0, 0, true, 0, List.of());
    }

    /** The same with another weight of the response term. */
    public Config withResponse(double alpha) {
      return new Config(weight, alpha, orthogonality, detachTarget, start, taps);
    }

    /** The same, started from so many batches. */
    public Config withStart(int batches) {
      return new Config(weight, response, orthogonality, detachTarget, batches, taps);
    }

    /** The same with projectors that stay where they started. */
    public Config detached() {
      return new Config(weight, response, 0, true, start, taps);
    }

    boolean isOff() {
      return weight == 0 || taps.isEmpty();
    }

    boolean asksForResponses() {
      return !isOff() && response > 0;
    }
  }

  private record Tapped(Segmenter.Tap tap, Projector projector) {}

  /** Features F of the student and projected ones G of the teacher, both (B, C, s, s). */
  record Compared(Tensor student, Tensor target) {}

  private static final FeatureMatch FEATURE = FeatureMatch.normalized();
  private static final ResponseMatch RESPONSE = ResponseMatch.normalized();

  private final Config config;
  private final List<Tapped> taps;

  /** A projector for each tap, from the teacher's width K to the tap's. */
  Distillation(Config config, Weights w, long teacherWidth, Segmenter student) {
    this.config = config;
    var names = config.isOff() ? List.<String>of() : config.taps();
    this.taps =
        names.stream()
            .map(student::tap)
            .map(tap -> new Tapped(tap, projector(w.at(tap.name()), teacherWidth, tap)))
            .toList();
  }

  private Projector projector(Weights w, long teacherWidth, Segmenter.Tap tap) {
    return new Projector(config.detachTarget() ? w.frozen() : w, teacherWidth, tap.channels());
  }

  /** Starts the projectors at the principal components of the first batches' embeddings. */
  @SuppressWarnings("try") // the tape owns the memory of a batch
  void start(
      Embeddings embeddings,
      SemiSupervisedTraining.Data data,
      long seed,
      BooleanSupplier stopRequested)
      throws IOException {
    if (taps.isEmpty() || config.start() == 0) {
      return;
    }
    var components =
        taps.stream().map(t -> new PrincipalComponents(embeddings.config().width())).toList();
    for (int step = 0; step < config.start(); step++) {
      if (stopRequested.getAsBoolean()) {
        return;
      }
      try (var tape = new Tape(0)) {
        var images = Images.all(data.batch(step, seed));
        var maps = images.embedded(embeddings);
        for (int i = 0; i < taps.size(); i++) {
          int side = (int) images.tensor().size(-1) / taps.get(i).tap.stride();
          components.get(i).add(maps.at(side));
        }
      }
    }
    for (int i = 0; i < taps.size(); i++) {
      taps.get(i).projector.start(components.get(i));
    }
  }

  /** What student and teacher make of the same images, tap by tap; the teacher may be cached. */
  List<Compared> compare(Segmenter.Output student, Embeddings.Maps teacher) {
    var compared = new ArrayList<Compared>();
    for (var tapped : taps) {
      var feature = student.feature(tapped.tap.name());
      var map = teacher.at((int) feature.size(-1));
      var pooled = Grids.pool(feature, (int) map.size(-1));
      compared.add(new Compared(pooled, tapped.projector.forward(map)));
    }
    return compared;
  }

  /** L_feat and L_orth. */
  Losses matched(List<Compared> clean) {
    var features = clean.stream().map(c -> FEATURE.of(c.student, c.target)).toList();
    var losses = Losses.none().plusMean("feature", config.weight(), features);
    return config.orthogonality() == 0 || clean.isEmpty()
        ? losses
        : losses.plus("orthogonality", config.weight() * config.orthogonality(), orthogonality());
  }

  private Tensor orthogonality() {
    return taps.stream()
        .map(tapped -> tapped.projector.orthogonality())
        .reduce(Tensor::add)
        .orElseThrow();
  }

  /** L_resp. */
  Losses answered(List<Compared> clean, List<Compared> perturbed, double ramp) {
    var responses = new ArrayList<Tensor>();
    for (int i = 0; i < perturbed.size(); i++) {
      var c = clean.get(i);
      var p = perturbed.get(i);
      responses.add(RESPONSE.of(c.student, p.student, c.target, p.target));
    }
    return Losses.none()
        .plusMean("response", ramp * config.weight() * config.response(), responses);
  }
}
