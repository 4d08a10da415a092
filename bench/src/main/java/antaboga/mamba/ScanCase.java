// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.Op;
import antaboga.Tensor;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The scan that every benchmark times: softplus, bias and skip, one batch, channels last, floats
 * that a seed draws.
 *
 * @param inputs u, delta (1, L, D); A (D, N); B, C (1, L, N); skip (D); delta bias (D)
 */
public record ScanCase(int channels, int length, int states, List<INDArray> inputs) {
  /** A greater {@link #error} is a wrong result, not rounding, and must not be timed. */
  private static final double TOLERANCE = 1e-4;

  private static final List<String> NAMES = List.of("u", "delta", "A", "B", "C", "D", "bias");

  public ScanCase {
    inputs = List.copyOf(inputs);
  }

  /**
   * The inputs of one shape.
   *
   * @param shape channels and time steps, D x L; with a third number for states other than 16
   */
  public static ScanCase of(String shape) {
    var sizes = sizes(shape);
    int channels = sizes.get(0);
    int length = sizes.get(1);
    int states = sizes.get(2);
    var random = new SplittableRandom(1);
    return new ScanCase(
        channels,
        length,
        states,
        List.of(
            Tensor.normal(random, 1, length, channels).array(),
            Tensor.normal(random, 1, length, channels).array(),
            Tensor.uniform(random, channels, states).add(0.1).neg().array(),
            Tensor.normal(random, 1, length, states).array(),
            Tensor.normal(random, 1, length, states).array(),
            Tensor.normal(random, channels).array(),
            Tensor.normal(random, channels).array()));
  }

  /** D, L and N of a text such as 384x2048 or 64x256x16. */
  public static List<Integer> sizes(String shape) {
    var sizes = new ArrayList<Integer>();
    for (var size : shape.split("x", -1)) {
      sizes.add(Integer.valueOf(size));
    }
    if (sizes.size() == 2) {
      sizes.add(16);
    }
    return List.copyOf(sizes);
  }

  /** The same inputs in double, which the scalar kernel takes: the specification. */
  ScanCase exact() {
    return new ScanCase(
        channels, length, states, inputs.stream().map(x -> x.castTo(DataType.DOUBLE)).toList());
  }

  /**
   * Runs the scan on the kernel in use.
   *
   * @param keep whether a backward pass will follow
   */
  Op.Value forward(boolean keep) {
    var extras = EnumSet.of(Scan.Extra.D, Scan.Extra.DELTA_BIAS);
    return new Scan(ScanLayout.CHANNELS_LAST, true, extras, false, keep)
        .apply(inputs.toArray(INDArray[]::new));
  }

  /** The gradients of all inputs, in their order. */
  static List<INDArray> backward(Op.Value kept, INDArray dy) {
    var needed = new boolean[NAMES.size()];
    java.util.Arrays.fill(needed, true);
    return List.of(kept.backward().apply(dy, needed));
  }

  /** A gradient of the output, in the type of the inputs. */
  INDArray upstream() {
    var dy = Tensor.normal(new SplittableRandom(2), 1, length, channels).array();
    return dy.castTo(inputs.get(0).dataType());
  }

  /**
   * Largest errors of the kernel in use against the scan in double.
   *
   * @param forward of the output
   * @param backward of any gradient
   */
  public record Errors(double forward, double backward) {}

  /** Runs both passes in float and in double. */
  public static Errors errors(String shape) {
    var floats = of(shape);
    var doubles = floats.exact();
    var kept = floats.forward(true);
    var expected = doubles.forward(true);
    double forward = error(kept.array(), expected.array());
    var gradients = backward(kept, floats.upstream());
    var exact = backward(expected, doubles.upstream());
    double backward = 0;
    for (int i = 0; i < gradients.size(); i++) {
      backward = Math.max(backward, error(gradients.get(i), exact.get(i)));
    }
    return new Errors(forward, backward);
  }

  /**
   * The largest of |x - e| / (|e| + r), where r is the root mean square of all e: it stands for
   * values that are small by cancellation. NaN where a value is NaN.
   */
  static double error(INDArray values, INDArray exact) {
    var x = Tensor.of(values).toDoubles();
    var e = Tensor.of(exact).toDoubles();
    double squares = 0;
    for (double value : e) {
      squares += value * value;
    }
    double floor = Math.sqrt(squares / e.length);
    double worst = 0;
    for (int i = 0; i < e.length; i++) {
      worst = Math.max(worst, Math.abs(x[i] - e[i]) / (Math.abs(e[i]) + floor));
    }
    return worst;
  }

  /**
   * Holds an output, (1, L, D), and gradients, or none of them, against the scan in double.
   *
   * @throws IllegalStateException if the error of one exceeds the tolerance
   */
  void require(INDArray y, List<INDArray> gradients) {
    var doubles = exact();
    boolean both = !gradients.isEmpty();
    var expected = doubles.forward(both);
    require("y", y, expected.array());
    if (both) {
      var exact = backward(expected, doubles.upstream());
      for (int i = 0; i < exact.size(); i++) {
        require("gradient of " + NAMES.get(i), gradients.get(i), exact.get(i));
      }
    }
  }

  private static void require(String what, INDArray values, INDArray exact) {
    double error = error(values, exact);
    if (!(error <= TOLERANCE)) {
      throw new IllegalStateException(
          "%s: relative error %.1e, expected at most %.1e".formatted(what, error, TOLERANCE));
    }
  }
}
