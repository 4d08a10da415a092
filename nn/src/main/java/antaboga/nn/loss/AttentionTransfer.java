// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.loss;

import antaboga.ShapeException;
import antaboga.Tensor;
import java.util.Arrays;

/**
 * How differently two feature maps distribute their energy over an image: the mean squared
 * difference of {@code a / ||a||}, a being the mean over channels of squared features. Student (N,
 * C, ...), teacher (N, K, ...), of the same size in space.
 *
 * <p>Source: Zagoruyko and Komodakis 2017, arXiv 1612.03928.
 */
public record AttentionTransfer() implements Loss {
  private static final double SHORTEST = 1e-12;

  @Override
  public Tensor of(Tensor student, Tensor teacher) {
    Classes.requireClasses(this, student);
    Classes.requireClasses(this, teacher);
    if (!Arrays.equals(withoutChannels(student), withoutChannels(teacher))) {
      throw new ShapeException(
          "AttentionTransfer: student has shape %s, teacher %s, expected to differ in channels alone"
              .formatted(student.shape(), teacher.shape()));
    }
    return new MeanSquared().of(map(student), map(teacher));
  }

  private static Tensor map(Tensor features) {
    var energy = features.mul(features).mean(1).reshape(features.size(0), -1); // (N, positions)
    var length = energy.mul(energy).sumKeep(1).clamp(SHORTEST * SHORTEST, Double.MAX_VALUE).sqrt();
    return energy.div(length);
  }

  private static long[] withoutChannels(Tensor x) {
    var sizes = x.shape().toArray();
    sizes[1] = 1;
    return sizes;
  }
}
