// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Dims;
import antaboga.ShapeException;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.nn.loss.BinaryCrossEntropy;
import antaboga.nn.loss.Dice;
import antaboga.nn.loss.Loss;
import antaboga.nn.metric.Connectivity;
import antaboga.nn.metric.Region;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Masks of unlabelled images from a teacher that wants a box: the box comes from the student alone,
 * never from a truth. The student's average predicts the image and its perturbed twin; the largest
 * component of each gives a box, and only if both boxes agree is the teacher asked. Its answer q
 * teaches the student by {@code Dice(p, q) + BCE(p, q)}, q a constant.
 *
 * <p>Source: method.md, section 7.5.
 *
 * @param smallest the pixels that a component needs
 * @param agreement the intersection over union that both boxes must reach
 * @param margin by how much of the image's size, at most, each side moves outward
 */
public record PseudoLabels(int smallest, double agreement, double margin) {
  private static final Loss LOSS = new BinaryCrossEntropy().plus(Dice.sigmoid().squared());

  /** A box in pixels: x0, y0 its first corner, x1, y1 its last, both inside. */
  public record Box(double x0, double y0, double x1, double y1) {
    /** The intersection over union of the two areas. */
    public double overlap(Box other) {
      double width = Math.min(x1, other.x1) - Math.max(x0, other.x0) + 1;
      double height = Math.min(y1, other.y1) - Math.max(y0, other.y0) + 1;
      double both = Math.max(0, width) * Math.max(0, height);
      return both / (area() + other.area() - both);
    }

    private double area() {
      return (x1 - x0 + 1) * (y1 - y0 + 1);
    }
  }

  /** A teacher that segments what a box holds. */
  @FunctionalInterface
  public interface PromptedTeacher {
    /** The probability that each pixel belongs to it: image (1, C, H, W), result (1, 1, H, W). */
    Tensor probability(Tensor image, Box box);
  }

  /** The values of method.md: 64 pixels, 0.7, 20/1024. */
  public static PseudoLabels standard() {
    return new PseudoLabels(64, 0.7, 20.0 / 1024);
  }

  /**
   * The box to ask the teacher with; empty where the student has no opinion or no steady one.
   *
   * @param clean the average student's probabilities of the image, (H, W)
   * @param perturbed those of its perturbed twin, (H, W)
   * @param random moves the sides outward
   */
  public Optional<Box> box(Tensor clean, Tensor perturbed, RandomGenerator random) {
    var first = box(clean);
    var second = box(perturbed);
    if (first.isEmpty() || second.isEmpty() || first.get().overlap(second.get()) < agreement) {
      return Optional.empty();
    }
    return Optional.of(widened(first.get(), clean, random));
  }

  private Optional<Box> box(Tensor probability) {
    if (probability.shape().rank() != 2) {
      throw new ShapeException(
          "PseudoLabels: probability has shape " + probability.shape() + ", expected (H, W)");
    }
    int height = (int) probability.size(0);
    int width = (int) probability.size(1);
    return Region.above(probability.toFloats(), 0.5, height, width)
        .components(Connectivity.FACES)
        .stream()
        .findFirst() // the largest
        .filter(part -> part.count() >= smallest)
        .flatMap(Region::bounds)
        .map(b -> new Box(b[2], b[0], b[3], b[1]));
  }

  private Box widened(Box box, Tensor image, RandomGenerator random) {
    double height = image.size(0);
    double width = image.size(1);
    return new Box(
        Math.max(0, box.x0 - margin * width * random.nextDouble()),
        Math.max(0, box.y0 - margin * height * random.nextDouble()),
        Math.min(width - 1, box.x1 + margin * width * random.nextDouble()),
        Math.min(height - 1, box.y1 + margin * height * random.nextDouble()));
  }

  /**
   * The losses of the images for which the student's average gives a steady box.
   *
   * @param images (U, C, H, W)
   * @param logits of the student in training, (U, 1, H, W)
   * @param clean the average's probabilities of the images, (U, 1, H, W)
   * @param perturbed those of their perturbed twins, (U, 1, H, W)
   * @param random moves the sides of boxes outward
   */
  public List<Tensor> of(
      Tensor images,
      Tensor logits,
      Tensor clean,
      Tensor perturbed,
      PromptedTeacher teacher,
      RandomGenerator random) {
    var losses = new ArrayList<Tensor>();
    for (long i = 0; i < images.size(0); i++) {
      var image = images.slice(0, i, i + 1);
      var student = logits.slice(0, i, i + 1);
      box(clean.index(0, i).index(0, 0), perturbed.index(0, i).index(0, 0), random)
          .map(box -> Tape.paused(() -> teacher.probability(image, box)))
          .ifPresent(mask -> losses.add(of(student, mask)));
    }
    return losses;
  }

  /** The loss of one image: student's logits and teacher's probabilities, both (1, 1, H, W). */
  public Tensor of(Tensor logits, Tensor teacher) {
    Dims.of("PseudoLabels").bind("logits", logits, "1 1 H W").bind("teacher", teacher, "1 1 H W");
    return LOSS.of(logits, teacher.stopGradient());
  }
}
