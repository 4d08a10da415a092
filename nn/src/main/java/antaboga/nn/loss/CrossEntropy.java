// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.loss;

import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.Tensor;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Cross entropy of classes from logits: the mean of {@code -w_y ln softmax(x)_y} over all
 * positions, divided by their sum of weights. Logits (N, C, ...), the target's labels of type LONG
 * (N, ...); positions with the ignored label do not count, and if all are ignored the loss is 0.
 *
 * <p>Source: {@code torch.nn.CrossEntropyLoss}.
 *
 * @param weights w, one for each class; none for equal ones
 * @param ignored the label that does not count
 * @param smoothing the share of a label that is spread over all classes, in [0, 1]
 */
public record CrossEntropy(List<Double> weights, long ignored, double smoothing) implements Loss {
  /** Equal weights, label -100 ignored, no smoothing. */
  public CrossEntropy() {
    this(List.of(), -100, 0);
  }

  /** Keeps a copy of the list. */
  public CrossEntropy {
    weights = List.copyOf(weights);
    if (!(smoothing >= 0 && smoothing <= 1)) {
      throw new IllegalArgumentException(
          "CrossEntropy: smoothing " + smoothing + ", not in [0, 1]");
    }
  }

  /** The same with these weights. */
  public CrossEntropy withWeights(List<Double> values) {
    return new CrossEntropy(values, ignored, smoothing);
  }

  /** The same with this label ignored. */
  public CrossEntropy withIgnored(long label) {
    return new CrossEntropy(weights, label, smoothing);
  }

  /** The same with labels smoothed. */
  public CrossEntropy withSmoothing(double share) {
    return new CrossEntropy(weights, ignored, share);
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if a label is neither a class nor the ignored one
   */
  @Override
  public Tensor of(Tensor logits, Tensor target) {
    Classes.requireClasses("CrossEntropy", logits);
    requireLabels(logits, target);
    var shape = logits.shape();
    int classes = (int) shape.size(1);
    int positions = (int) (shape.elements() / shape.size(0) / classes);
    var labels = antaboga.ops.Arrays.reshape(target.array(), target.array().length());
    var w = weights.isEmpty() ? ones(classes) : weights.stream().mapToDouble(d -> d).toArray();
    var coefficients = new double[Math.toIntExact(shape.elements())];
    double total = 0;
    for (int i = 0; i < labels.length(); i++) {
      long label = labels.getLong(i);
      if (label == ignored) {
        continue;
      }
      if (label < 0 || label >= classes) {
        throw new IllegalArgumentException(
            "CrossEntropy: label %d among %d classes; ignored is %d"
                .formatted(label, classes, ignored));
      }
      total += w[(int) label];
      int first = i / positions * classes * positions + i % positions;
      for (int c = 0; c < classes; c++) {
        double share = smoothing / classes + (c == label ? 1 - smoothing : 0);
        coefficients[first + c * positions] = share * w[c];
      }
    }
    var k = Tensor.of(coefficients, shape.toArray());
    if (logits.type() != DataType.DOUBLE) {
      k = k.to(logits.type());
    }
    return Classes.logSoftmax(logits).mul(k).sum().mul(total == 0 ? 0 : -1 / total);
  }

  private void requireLabels(Tensor logits, Tensor target) {
    var sizes = logits.shape().toArray();
    var expected = new long[sizes.length - 1];
    expected[0] = sizes[0];
    System.arraycopy(sizes, 2, expected, 1, sizes.length - 2);
    if (target.type() != DataType.INT64 || !target.shape().equals(Shape.of(expected))) {
      throw new ShapeException(
          "CrossEntropy: target has shape %s and type %s, expected %s and LONG"
              .formatted(target.shape(), target.type(), Shape.text(expected)));
    }
    if (!weights.isEmpty() && weights.size() != sizes[1]) {
      throw new ShapeException(
          "CrossEntropy: %d weights for %d classes".formatted(weights.size(), sizes[1]));
    }
  }

  private static double[] ones(int n) {
    var ones = new double[n];
    Arrays.fill(ones, 1);
    return ones;
  }
}
