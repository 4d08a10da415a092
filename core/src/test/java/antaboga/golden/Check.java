// SPDX-License-Identifier: Apache-2.0
package antaboga.golden;

import static org.junit.jupiter.api.Assertions.fail;

import antaboga.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Compares what a runner computed with what its case expects, and sees that nothing expected was
 * left out: an array is compared, or skipped in words.
 *
 * <p>An array is held to its own tolerance where the manifest gives one, else to its case's.
 */
public final class Check {
  private static final List<String> GROUPS = List.of("outputs", "grads", "grads_with_last_state");

  private final GoldenCase golden;
  private final Set<String> waiting = new LinkedHashSet<>();
  private final List<String> faults = new ArrayList<>();

  Check(GoldenCase golden) {
    this.golden = golden;
    for (var group : GROUPS) {
      golden.group(group).names().forEach(name -> waiting.add(group + "." + name));
    }
  }

  /** Compares an output. */
  public void output(String name, INDArray actual) {
    compare("outputs", name, actual, 1);
  }

  /** Compares a gradient; its name is {@code d} and the input's, or the parameter's. */
  public void grad(String name, INDArray actual) {
    compare("grads", name, actual, 1);
  }

  /** Compares a gradient of the loss that includes the last state. */
  public void gradWithLastState(String name, INDArray actual) {
    compare("grads_with_last_state", name, actual, 1);
  }

  /** Compares with {@code times} the tolerance, for a reason that the call gives. */
  public void loosely(String group, String name, INDArray actual, double times, String reason) {
    if (reason.isBlank() || !(times >= 1)) {
      throw new IllegalArgumentException(
          group + "." + name + ": a looser tolerance needs a reason");
    }
    compare(group, name, actual, times);
  }

  /** Leaves an expected array uncompared, for a reason that the call gives. */
  public void skip(String group, String name, String reason) {
    if (reason.isBlank()) {
      throw new IllegalArgumentException(group + "." + name + ": skipped without a reason");
    }
    waiting.remove(group + "." + name);
  }

  /** Compares a number that stands in the case's params, at the case's tolerance. */
  public void number(String name, double actual, double expected) {
    if (!golden.tolerance().holds(actual, expected)) {
      faults.add(name + ": " + actual + ", expected " + expected);
    }
  }

  /**
   * Compares named arrays with those of a flat file of the case, name by name, at ten times the
   * float noise of the reference where the params give it ({@code grads_flat_fp32_noise}), else at
   * the case's tolerance.
   */
  public void state(String file, Map<String, INDArray> actual) {
    state(file, actual, 1);
  }

  /** Compares with {@code times} the tolerance, for a reason that the call gives. */
  public void stateLoosely(String file, Map<String, INDArray> actual, double times, String reason) {
    if (reason.isBlank() || !(times >= 1)) {
      throw new IllegalArgumentException(file + ": a looser tolerance needs a reason");
    }
    state(file, actual, times);
  }

  private void state(String file, Map<String, INDArray> actual, double times) {
    double noise = golden.params().path(file + "_flat_fp32_noise").asDouble(0);
    var tolerance =
        new Tolerance(
            Math.max(10 * noise, times * golden.tolerance().atol()),
            times * golden.tolerance().rtol());
    var expected = golden.state(file);
    if (!expected.keySet().equals(actual.keySet())) {
      var missing = new LinkedHashSet<>(expected.keySet());
      missing.removeAll(actual.keySet());
      var surplus = new LinkedHashSet<>(actual.keySet());
      surplus.removeAll(expected.keySet());
      faults.add(file + ": missing " + missing + ", not expected " + surplus);
    }
    expected.forEach(
        (name, array) -> {
          var found = actual.get(name);
          if (found != null) {
            arrays(file + "." + name, found, array, tolerance);
          }
        });
  }

  /** Notes a fault that no array shows. */
  public void fault(String what) {
    faults.add(what);
  }

  void finish() {
    waiting.forEach(name -> faults.add(name + ": not compared"));
    if (!faults.isEmpty()) {
      fail(golden + System.lineSeparator() + String.join(System.lineSeparator(), faults));
    }
  }

  private void compare(String group, String name, INDArray actual, double times) {
    var array = golden.group(group).array(name);
    waiting.remove(group + "." + name);
    var tolerance = array.tolerance(golden.tolerance());
    arrays(
        group + "." + name,
        actual,
        array.read(),
        new Tolerance(tolerance.atol() * times, tolerance.rtol() * times));
  }

  private void arrays(String name, INDArray actual, INDArray expected, Tolerance tolerance) {
    if (!Arrays.equals(actual.shape(), expected.shape())) {
      faults.add(
          name
              + ": shape "
              + Shape.text(actual.shape())
              + ", expected "
              + Shape.text(expected.shape()));
      return;
    }
    if (expected.isEmpty()) {
      return;
    }
    var a = doubles(actual);
    var b = doubles(expected);
    int worst = -1;
    int wrong = 0;
    double excess = 0;
    for (int i = 0; i < a.length; i++) {
      if (!tolerance.holds(a[i], b[i])) {
        wrong++;
        double distance = Math.abs(a[i] - b[i]);
        if (worst < 0 || !(distance <= excess)) {
          worst = i;
          excess = distance;
        }
      }
    }
    if (wrong > 0) {
      faults.add(
          name
              + ": "
              + wrong
              + " of "
              + a.length
              + " differ by more than "
              + tolerance
              + "; worst at "
              + worst
              + " of "
              + Shape.text(expected.shape())
              + ": "
              + a[worst]
              + ", expected "
              + b[worst]
              + ", apart by "
              + excess);
    }
  }

  /** The elements in row-major order, whatever the array's strides. */
  private static double[] doubles(INDArray x) {
    return x.castTo(DataType.DOUBLE).dup('c').data().asDouble();
  }
}
