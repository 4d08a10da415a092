// SPDX-License-Identifier: Apache-2.0
package antaboga.distill;

import antaboga.Dims;
import antaboga.Parameter;
import antaboga.ShapeException;
import antaboga.Tensor;
import antaboga.nn.Init;
import antaboga.nn.Layer;
import antaboga.nn.Weights;

/**
 * Maps teacher features into the student's space, {@code G = P E} at every position: a 1x1
 * convolution without bias. E (B, K, H, W), P (C, K), G (B, C, H, W); C is the student's width.
 *
 * <p>It starts at the principal components of the teacher's features and is trained with {@link
 * #orthogonality}: without that term P and the student could agree by both shrinking to a few
 * directions. Built from a {@linkplain Weights#frozen frozen} place it stays where it started,
 * which is the switch {@code detachTarget} of method.md, section 7.2.
 */
public record Projector(Parameter weight) implements Layer {
  /** Checks that the student is not wider than the teacher. */
  public Projector {
    var dims = Dims.of("Projector").bind("weight", weight, "C K");
    if (dims.size("C") > dims.size("K")) {
      throw new ShapeException(
          "Projector: student width %d, teacher width %d; C orthogonal rows need C <= K"
              .formatted(dims.size("C"), dims.size("K")));
    }
  }

  /**
   * Random rows of about unit length, until {@link #start}.
   *
   * @param teacher K, the teacher's width
   * @param student C, the student's width
   */
  public Projector(Weights w, long teacher, long student) {
    this(w.get("weight", Init.normal(1 / Math.sqrt((double) teacher)), student, teacher));
  }

  /** K, the width of what it takes. */
  public long teacherWidth() {
    return weight.size(1);
  }

  /** C, the width of what it gives. */
  public long studentWidth() {
    return weight.size(0);
  }

  /** Replaces P by the leading principal components, so that {@link #orthogonality} is 0. */
  public void start(PrincipalComponents components) {
    var rows = components.leading((int) studentWidth());
    weight.assign(rows.to(weight.type()).array());
  }

  @Override
  public Tensor forward(Tensor embedding) {
    var dims =
        Dims.of("Projector").bind("weight", weight, "C K").bind("embedding", embedding, "B K H W");
    var columns = embedding.reshape(dims.size("B"), dims.size("K"), -1); // (B, K, H W)
    return weight
        .matmul(columns)
        .reshape(dims.size("B"), dims.size("C"), dims.size("H"), dims.size("W"));
  }

  /** {@code ||P P^T - I||^2 / C^2} in Frobenius' norm: 0 when the rows of P are orthonormal. */
  public Tensor orthogonality() {
    double width = studentWidth();
    var difference = weight.linear(weight).sub(identity());
    return difference.mul(difference).sum().mul(1 / (width * width));
  }

  private Tensor identity() {
    int width = (int) studentWidth();
    var identity = new double[width * width];
    for (int i = 0; i < width; i++) {
      identity[i * width + i] = 1;
    }
    return Tensor.of(identity, width, width).to(weight.type());
  }
}
