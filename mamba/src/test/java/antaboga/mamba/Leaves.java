// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.Gradients;
import antaboga.Parameter;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.golden.GoldenCase;
import antaboga.golden.GoldenGroup;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A golden case's inputs as leaves of a tape, and its parameters. */
public final class Leaves {
  /** Where a gradient is compared. */
  public interface Compare {
    void accept(String name, INDArray gradient);
  }

  private final Map<String, Tensor> inputs = new LinkedHashMap<>();
  private final Map<String, Tensor> leaves = new LinkedHashMap<>();

  public Leaves(Tape tape, GoldenCase golden, List<Parameter> parameters) {
    golden
        .inputs()
        .all()
        .forEach(
            (name, x) -> {
              var leaf = tape.watch(Tensor.of(x));
              inputs.put(name, leaf);
              leaves.put("d" + name, leaf);
            });
    parameters.forEach(p -> leaves.put(p.name(), p));
  }

  public Tensor input(String name) {
    return optional(name).orElseThrow(() -> new NoSuchElementException(name));
  }

  public Optional<Tensor> optional(String name) {
    return Optional.ofNullable(inputs.get(name));
  }

  /** Compares the gradients of all leaves that the group names. */
  public void compare(Gradients gradients, GoldenGroup expected, Compare compare) {
    for (var name : expected.names()) {
      var leaf = leaves.get(name);
      if (leaf == null) {
        throw new NoSuchElementException(name + " among " + leaves.keySet());
      }
      compare.accept(
          name,
          gradients
              .of(leaf)
              .orElseThrow(() -> new NoSuchElementException("no gradient of " + name))
              .array());
    }
  }

  /** The gradients of the parameters, by name. */
  public static Map<String, INDArray> of(Gradients gradients, List<Parameter> parameters) {
    var all = new LinkedHashMap<String, INDArray>();
    for (var parameter : parameters) {
      gradients.of(parameter).ifPresent(g -> all.put(parameter.name(), g.array()));
    }
    return all;
  }
}
