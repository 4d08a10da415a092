// SPDX-License-Identifier: Apache-2.0
package antaboga;

import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Named axes bound to sizes: the letters of the Javadoc, checked at run time.
 *
 * <pre>{@code
 * var dims = Dims.of("selectiveScan").bind("u", u, "B D L").bind("A", a, "D N");
 * long states = dims.size("N");
 * }</pre>
 */
public final class Dims {
  private record Binding(long size, String source) {}

  private final String operation;
  private final Map<String, Binding> bindings = new LinkedHashMap<>();

  private Dims(String operation) {
    this.operation = operation;
  }

  /** No letter bound yet; the operation's name begins every message. */
  public static Dims of(String operation) {
    return new Dims(operation);
  }

  /**
   * Binds the letters of {@code axes}, one for each axis and separated by blanks, to the sizes of
   * the array. A number stands for itself.
   *
   * @throws ShapeException if a letter has another size already, or the number of axes differs
   */
  public Dims bind(String name, INDArray array, String axes) {
    return bind(name, array.shape(), axes);
  }

  /** Binds the letters to the sizes of a tensor; see {@link #bind(String, INDArray, String)}. */
  public Dims bind(String name, Tensor tensor, String axes) {
    return bind(name, tensor.array(), axes);
  }

  private Dims bind(String name, long[] sizes, String axes) {
    var letters = axes.isBlank() ? new String[0] : axes.trim().split("\\s+", -1);
    if (letters.length != sizes.length) {
      throw new ShapeException(
          "%s: %s has shape %s, expected %s"
              .formatted(operation, name, Shape.text(sizes), tuple(letters)));
    }
    for (int i = 0; i < letters.length; i++) {
      var letter = letters[i];
      boolean number = Character.isDigit(letter.charAt(0));
      var bound = number ? new Binding(Long.parseLong(letter), "required") : bindings.get(letter);
      if (bound == null) {
        bindings.put(letter, new Binding(sizes[i], "as in " + name));
      } else if (bound.size() != sizes[i]) {
        throw new ShapeException(
            "%s: %s has shape %s, expected %s with %s = %d%s"
                .formatted(
                    operation,
                    name,
                    Shape.text(sizes),
                    tuple(letters),
                    number ? "axis " + i : letter,
                    bound.size(),
                    number ? "" : " " + bound.source()));
      }
    }
    return this;
  }

  /** The size bound to a letter. */
  public long size(String letter) {
    var bound = bindings.get(letter);
    if (bound == null) {
      throw new IllegalStateException(operation + ": letter " + letter + " is not bound yet");
    }
    return bound.size();
  }

  /** The size bound to a letter, where it counts an array's elements in Java. */
  public int count(String letter) {
    return Math.toIntExact(size(letter));
  }

  private static String tuple(String[] letters) {
    return "(" + String.join(", ", letters) + ")";
  }
}
