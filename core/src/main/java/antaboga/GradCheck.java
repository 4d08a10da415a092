// SPDX-License-Identifier: Apache-2.0
package antaboga;

import antaboga.ops.Arrays;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Compares a tape's gradients with central differences in double precision. The output is projected
 * on random weights, so that every element of it counts.
 *
 * <pre>{@code
 * GradCheck.of(in -> in[0].matmul(in[1]), a, b).requireBelow(1e-6);
 * }</pre>
 */
public final class GradCheck {
  private static final double STEP = 1e-6;

  private final Function<Tensor[], Tensor> function;
  private final Tensor[] inputs;
  private final long most;

  private GradCheck(Function<Tensor[], Tensor> function, Tensor[] inputs, long most) {
    this.function = function;
    this.inputs = inputs;
    this.most = most;
  }

  /**
   * A check of the function at the inputs.
   *
   * @param function must be a function of its inputs alone, and build its output from them anew
   * @param inputs doubles; a {@link Parameter} among them is perturbed where it is
   */
  public static GradCheck of(Function<Tensor[], Tensor> function, Tensor... inputs) {
    for (var input : inputs) {
      if (input.type() != DataType.DOUBLE) {
        throw new ShapeException("grad check: input of type " + input.type() + ", expected DOUBLE");
      }
    }
    return new GradCheck(function, inputs.clone(), Long.MAX_VALUE);
  }

  /**
   * The same for at most so many elements of each input, drawn evenly over it: for a network whose
   * operations are checked one by one elsewhere.
   */
  public GradCheck sampling(long elements) {
    if (elements < 1) {
      throw new IllegalArgumentException("grad check: %d elements".formatted(elements));
    }
    return new GradCheck(function, inputs, elements);
  }

  /** The worst difference found, and where. */
  public record Worst(int input, long element, double tape, double difference, double error) {
    @Override
    public String toString() {
      return "input %d, element %d: tape %.9g, central difference %.9g, error %.3g"
          .formatted(input, element, tape, difference, error);
    }
  }

  /**
   * The worst error over the elements of all inputs, |tape - difference| / max(1, |tape|,
   * |difference|).
   */
  public Worst worst() {
    var weights = projection();
    var gradients = new INDArray[inputs.length];
    try (var tape = new Tape(0)) {
      var leaves = new Tensor[inputs.length];
      for (int i = 0; i < inputs.length; i++) {
        leaves[i] = inputs[i] instanceof Parameter ? inputs[i] : tape.watch(inputs[i]);
      }
      var back = tape.gradients(function.apply(leaves), weights);
      for (int i = 0; i < inputs.length; i++) {
        int at = i;
        gradients[i] =
            back.of(leaves[i])
                .map(g -> g.detach().array())
                .orElseGet(() -> zerosLike(inputs[at].array()));
      }
    }
    var worst = new Worst(0, 0, 0, 0, 0);
    for (int i = 0; i < inputs.length; i++) {
      var flat = Arrays.reshape(inputs[i].array(), inputs[i].array().length());
      var flatGradient = Arrays.reshape(gradients[i], flat.length());
      var random = new SplittableRandom(i);
      long checked = Math.min(most, flat.length());
      for (long n = 0; n < checked; n++) {
        long first = n * flat.length() / checked;
        long k = random.nextLong(first, (n + 1) * flat.length() / checked);
        double value = flat.getDouble(k);
        flat.putScalar(k, value + STEP);
        double above = project(weights);
        flat.putScalar(k, value - STEP);
        double below = project(weights);
        flat.putScalar(k, value);
        double difference = (above - below) / (2 * STEP);
        double tape = flatGradient.getDouble(k);
        double scale = Math.max(1, Math.max(Math.abs(tape), Math.abs(difference)));
        double error = Math.abs(tape - difference) / scale;
        if (!(error <= worst.error)) {
          worst = new Worst(i, k, tape, difference, error);
        }
      }
    }
    return worst;
  }

  /**
   * Requires every element to agree.
   *
   * @throws AssertionError naming the worst one
   */
  public void requireBelow(double tolerance) {
    var worst = worst();
    if (!(worst.error < tolerance)) {
      throw new AssertionError(worst.toString());
    }
  }

  private static INDArray zerosLike(INDArray x) {
    return Arrays.outsideTapes(() -> Arrays.zeros(x.dataType(), x.shape()));
  }

  private Tensor projection() {
    var output = pass(in -> function.apply(in).detach());
    var random = new SplittableRandom(7);
    var weights = new double[Math.toIntExact(output.shape().elements())];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = random.nextDouble(-1, 1);
    }
    return Tensor.of(weights, output.shape().toArray());
  }

  private double project(Tensor weights) {
    return pass(in -> function.apply(in).mul(weights).sum().detach()).item();
  }

  @SuppressWarnings("try") // an open tape makes it a training pass, as the tape's own was
  private Tensor pass(Function<Tensor[], Tensor> result) {
    try (var tape = new Tape(0)) {
      return result.apply(inputs);
    }
  }
}
