// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Dims;
import antaboga.ShapeException;
import antaboga.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the user points at: boxes, points, a coarse mask, or a mixture; K prompts of the same kind.
 * Positions are pixels of the model's input image.
 *
 * @param boxes (K, 4): x0, y0, x1, y1
 * @param points (K, n, 2): x, y
 * @param labels of the points, (K, n): 1 on the object, 0 beside it, -1 not a point
 * @param mask logits (K, 1, 4g, 4g) over the image, g the side of the embedding
 */
public record Prompts(
    Optional<Tensor> boxes,
    Optional<Tensor> points,
    Optional<Tensor> labels,
    Optional<Tensor> mask) {

  /** Checks that the parts agree. */
  public Prompts {
    var dims = Dims.of("prompts");
    boxes.ifPresent(b -> dims.bind("boxes", b, "K 4"));
    points.ifPresent(p -> dims.bind("points", p, "K n 2"));
    labels.ifPresent(l -> dims.bind("labels", l, "K n"));
    mask.ifPresent(m -> dims.bind("mask", m, "K 1 H W"));
    if (points.isPresent() != labels.isPresent()) {
      throw new ShapeException("prompts: points and labels belong together, one of them is absent");
    }
  }

  /** No prompt: the whole image. */
  public static Prompts none() {
    return new Prompts(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** A box for each prompt: (K, 4). */
  public static Prompts boxes(Tensor boxes) {
    return new Prompts(Optional.of(boxes), Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** Points for each prompt: (K, n, 2) and (K, n). */
  public static Prompts points(Tensor points, Tensor labels) {
    return none().withPoints(points, labels);
  }

  /** These prompts with points as well. */
  public Prompts withPoints(Tensor coordinates, Tensor marks) {
    return new Prompts(boxes, Optional.of(coordinates), Optional.of(marks), mask);
  }

  /** These prompts with a mask as well. */
  public Prompts withMask(Tensor logits) {
    return new Prompts(boxes, points, labels, Optional.of(logits));
  }

  /** The number of prompts, K; 1 if there is none. */
  public long count() {
    return parts().stream().findFirst().map(part -> part.size(0)).orElse(1L);
  }

  private List<Tensor> parts() {
    var parts = new ArrayList<Tensor>();
    boxes.ifPresent(parts::add);
    points.ifPresent(parts::add);
    mask.ifPresent(parts::add);
    return parts;
  }
}
