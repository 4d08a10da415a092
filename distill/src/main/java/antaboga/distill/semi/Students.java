// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.nn.Segmenter;
import antaboga.nn.Weights;
import java.util.function.Function;

/**
 * A student in training and the moving average of its weights: one architecture, built twice. The
 * average teaches and is what one keeps in the end.
 *
 * @param current the student that the optimiser moves
 * @param weights its weights
 * @param average the student whose weights follow
 * @param averageWeights those weights, constants to every tape
 */
public record Students(
    Segmenter current, Weights weights, Segmenter average, Weights averageWeights) {
  /** Both built by the same function: {@code w -> new VssUNet(w, VssUNetConfig.tiny())}. */
  public static Students of(Function<Weights, ? extends Segmenter> build, long seed) {
    var weights = Weights.init(seed);
    var average = Weights.init(seed).frozen();
    return new Students(build.apply(weights), weights, build.apply(average), average);
  }

  /** The average's probabilities of images (B, C, H, W), (B, 1, H, W): a constant to the step. */
  public Tensor averageOf(Tensor images) {
    return averageOf(Tape.Mode.INFER, images);
  }

  /**
   * The mean of its probabilities for the eight layings of each image, laid back: with few labels a
   * far better guess than that for one of them.
   */
  Tensor averageOfLayings(Tensor images) {
    return Committee.overLayings(this::averageOf, images);
  }

  Tensor averageOf(Tape.Mode mode, Tensor images) {
    return probabilities(average, mode, images);
  }

  /** What a network that is not trained says, a constant to the step. */
  static Tensor probabilities(Segmenter network, Tape.Mode mode, Tensor images) {
    // recomputed: of a pass without gradients nothing but its result stays in the step's memory
    return Tape.paused(mode, () -> Tape.recomputed(() -> network.forward(images).sigmoid()));
  }
}
