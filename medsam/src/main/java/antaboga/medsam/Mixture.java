// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.Tensor;
import antaboga.medsam.model.Prompts;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.nd4j.linalg.api.buffer.DataType;

/** Everything that points at one object. */
record Mixture(Optional<Box> box, List<Point> points, Optional<Mask> mask) implements Prompt {
  Mixture {
    points = List.copyOf(points);
  }

  static Mixture of(Prompt prompt) {
    if (prompt instanceof Mixture mixture) {
      return mixture;
    }
    return new Mixture(
        prompt instanceof Box box ? Optional.of(box) : Optional.empty(),
        prompt instanceof Point point ? List.of(point) : List.of(),
        prompt instanceof Mask mask ? Optional.of(mask) : Optional.empty());
  }

  Mixture with(Mixture more) {
    if (box.isPresent() && more.box.isPresent()) {
      throw new IllegalArgumentException(
          "prompt: boxes %s and %s, expected one for an object; give several objects as a list"
              .formatted(box.get(), more.box.get()));
    }
    if (mask.isPresent() && more.mask.isPresent()) {
      throw new IllegalArgumentException("prompt: two masks, expected one; join them beforehand");
    }
    return new Mixture(
        box.or(more::box),
        Stream.concat(points.stream(), more.points.stream()).toList(),
        mask.or(more::mask));
  }

  /** This mixture, if all of it fits an image. */
  Mixture within(int height, int width) {
    box.ifPresent(b -> b.within(height, width));
    points.forEach(point -> point.within(height, width));
    mask.ifPresent(
        m -> {
          if (m.height() != height || m.width() != width) {
            throw new IllegalArgumentException(
                "mask of %d x %d for an image of %d x %d (width x height); resize it"
                    .formatted(m.width(), m.height(), width, height));
          }
        });
    return this;
  }

  /** As the model takes it, with a mask of this side. */
  Prompts prompts(Frame frame, int side, DataType type) {
    double horizontal = frame.horizontal();
    double vertical = frame.vertical();
    var prompts =
        box.map(b -> Prompts.boxes(Box.tensor(List.of(b.scaled(horizontal, vertical))).to(type)))
            .orElseGet(Prompts::none);
    if (!points.isEmpty()) {
      int n = points.size();
      var positions = new float[2 * n];
      var labels = new float[n];
      for (int i = 0; i < n; i++) {
        positions[2 * i] = (float) (points.get(i).x() * horizontal);
        positions[2 * i + 1] = (float) (points.get(i).y() * vertical);
        labels[i] = points.get(i).onObject() ? 1 : 0;
      }
      prompts =
          prompts.withPoints(
              Tensor.of(positions, 1, n, 2).to(type), Tensor.of(labels, 1, n).to(type));
    }
    return mask.isEmpty()
        ? prompts
        : prompts.withMask(Tensor.of(mask.get().logits(side, frame), 1, 1, side, side).to(type));
  }

  @Override
  public String toString() {
    var shown = Stream.<Object>concat(box.stream(), points.stream());
    return Stream.concat(shown, mask.stream())
        .map(Object::toString)
        .collect(Collectors.joining(" and "));
  }
}
