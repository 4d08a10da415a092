// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.nn.Segmenter;
import antaboga.nn.data.Orientation;
import antaboga.nn.data.View;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * What several finished students, trained on the same few labels, make of an image together: the
 * mean of their probabilities over its eight layings. Where each is wrong in its own way, the mean
 * is right more often than any of them; a student that learns from it comes close to all of them at
 * the cost of one. Hinton et al. 2015, arXiv 1503.02531, for classes.
 *
 * <p>An image is looked at once; what is kept of it is one float for each pixel. Not for use by
 * several threads.
 */
public final class Committee {
  private final List<Segmenter> members;
  private final Map<String, float[]> kept = new HashMap<>();

  /** Of these students, which do not change. */
  public Committee(List<Segmenter> members) {
    if (members.isEmpty()) {
      throw new IllegalArgumentException("committee: no members, expected one or more");
    }
    this.members = List.copyOf(members);
  }

  /**
   * Probabilities (B, 1, H, W) of images (B, C, H, W) that lie as the views say: a constant, and
   * the same in whichever way an image lies.
   */
  public Tensor of(Tensor images, List<View> views) {
    var all = new ArrayList<Tensor>();
    for (int i = 0; i < views.size(); i++) {
      var view = views.get(i);
      view.requireWhole("committee");
      var upright = view.orientation().inverse().of(images.slice(0, i, i + 1));
      var q = kept.computeIfAbsent(view.name(), name -> guess(upright).toFloats());
      all.add(view.orientation().of(Tensor.of(q, 1, 1, images.size(2), images.size(3))));
    }
    return Tensor.concat(0, all);
  }

  private Tensor guess(Tensor image) {
    return members.stream()
        .map(m -> overLayings(x -> Students.probabilities(m, Tape.Mode.INFER, x), image))
        .reduce(Tensor::add)
        .orElseThrow()
        .mul(1.0 / members.size());
  }

  /** The mean of probabilities for the eight layings of each image, laid back. */
  static Tensor overLayings(UnaryOperator<Tensor> probability, Tensor images) {
    var layings = List.of(Orientation.values());
    var sum = probability.apply(images);
    for (var laying : layings.subList(1, layings.size())) {
      sum = sum.add(laying.inverse().of(probability.apply(laying.of(images))));
    }
    return sum.mul(1.0 / layings.size());
  }

  @Override
  public String toString() {
    return "committee of " + members.size();
  }
}
