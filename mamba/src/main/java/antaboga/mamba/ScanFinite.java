// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.NonFiniteValueException;
import antaboga.Shape;
import antaboga.kernel.Tiles;
import antaboga.ops.Reduction;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Refuses results that are not finite, and says which input is to blame. What is not finite in a
 * state stays so to the last step: u, delta, A and B need no look of their own.
 */
final class ScanFinite {
  private ScanFinite() {}

  /**
   * Checks a scan.
   *
   * @throws NonFiniteValueException naming the input, the position and the value
   */
  static void require(ScanInputs x, ScanKernel.Result result) {
    if (!Reduction.isFinite(result.last())) {
      throw new NonFiniteValueException(message(x, "state", result.last()));
    }
    if (!isFinite(x, result.y())) {
      throw new NonFiniteValueException(message(x, "output", result.y()));
    }
  }

  /** Looks at what reaches the output alone, where that is shorter than the output. */
  private static boolean isFinite(ScanInputs x, INDArray y) {
    boolean shorter = x.z() == null && x.c().length() < y.length();
    boolean enough =
        shorter && Reduction.isFinite(x.c()) && (x.d() == null || Reduction.isFinite(x.d()));
    return enough || Reduction.isFinite(y);
  }

  private static String message(ScanInputs x, String what, INDArray result) {
    var inputs = inputs(x);
    for (var input : inputs.entrySet()) {
      var bad = bad(input.getValue());
      if (bad.isPresent()) {
        return "selectiveScan: " + input.getKey() + bad.get() + ", expected finite values";
      }
    }
    var largest =
        inputs.entrySet().stream()
            .map(e -> "|%s| <= %.3g".formatted(e.getKey(), largest(e.getValue())))
            .collect(Collectors.joining(", "));
    return "selectiveScan: the %s%s, though all inputs are finite (%s): e^(delta A), delta u B or"
            .formatted(what, bad(result).orElse(" is not finite"), largest)
        + " their sums overflow; scale delta down, or A, which should be negative";
  }

  private static Map<String, INDArray> inputs(ScanInputs x) {
    boolean projected = x.geometry().rank() > 0;
    var inputs = new LinkedHashMap<String, INDArray>();
    put(inputs, "u", x.u());
    put(inputs, projected ? "p" : "delta", x.delta());
    put(inputs, "delta weight", x.deltaWeight());
    put(inputs, "delta bias", x.deltaBias());
    put(inputs, "A", x.a());
    put(inputs, "B", projected ? null : x.b());
    put(inputs, "C", projected ? null : x.c());
    put(inputs, "D", x.d());
    put(inputs, "z", x.z());
    put(inputs, "initial state", x.initial());
    return inputs;
  }

  private static void put(Map<String, INDArray> inputs, String name, @Nullable INDArray array) {
    if (array != null) {
      inputs.put(name, array);
    }
  }

  /** The first element that is not finite, such as {@code [0, 3, 17] is NaN}. */
  private static Optional<String> bad(INDArray x) {
    var values = values(x);
    for (int i = 0; i < values.length; i++) {
      if (!Double.isFinite(values[i])) {
        return Optional.of(
            "%s of shape %s is %s".formatted(index(x, i), Shape.text(x.shape()), values[i]));
      }
    }
    return Optional.empty();
  }

  private static String index(INDArray x, long element) {
    var at = new long[x.rank()];
    long rest = element;
    for (int axis = x.rank() - 1; axis >= 0; axis--) {
      at[axis] = rest % x.size(axis);
      rest /= x.size(axis);
    }
    return Arrays.toString(at);
  }

  private static double largest(INDArray x) {
    return Arrays.stream(values(x)).map(Math::abs).max().orElse(0);
  }

  private static double[] values(INDArray x) {
    var values = new double[Math.toIntExact(x.length())];
    Tiles.of(x).read(0, values, 0, values.length);
    return values;
  }
}
