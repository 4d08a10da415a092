// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/** A checkpoint that is not of the model: all names that do not agree, and those most alike. */
public final class MismatchException extends IllegalStateException {
  private static final long serialVersionUID = 1L;
  private static final int SHOWN = 5; // of each kind, in the message

  private final List<String> missing;
  private final List<String> misshaped;
  private final List<String> unused;

  MismatchException(List<String> missing, List<String> misshaped, List<String> unused) {
    super(message(missing, misshaped, unused));
    this.missing = List.copyOf(missing);
    this.misshaped = List.copyOf(misshaped);
    this.unused = List.copyOf(unused);
  }

  /** The names that the model has and the checkpoint lacks, in the model's order. */
  public List<String> missing() {
    return missing;
  }

  /** The names of other shapes, each with both, such as {@code head.bias (2), expected (3)}. */
  public List<String> misshaped() {
    return misshaped;
  }

  /** The names that the checkpoint has and the model does not, sorted. */
  public List<String> unused() {
    return unused;
  }

  private static String message(List<String> missing, List<String> misshaped, List<String> unused) {
    return "checkpoint is of another model: "
        + part("missing", missing, name -> name + alike(name, unused))
        + part("of another shape", misshaped, name -> name)
        + part("unused", unused, name -> name)
        + "give one of this model, or the sizes that it has";
  }

  private static String part(String kind, List<String> names, Function<String, String> text) {
    if (names.isEmpty()) {
      return "";
    }
    var shown = names.stream().limit(SHOWN).map(text).collect(Collectors.joining(", "));
    return "%d %s: %s%s; ".formatted(names.size(), kind, shown, names.size() > SHOWN ? ", …" : "");
  }

  private static String alike(String name, List<String> unused) {
    var nearest = nearest(name, unused, 1);
    return nearest.isEmpty() ? "" : " (" + nearest.get(0) + "?)";
  }

  /** The names most like this one, by common beginning and end. */
  static List<String> nearest(String name, List<String> names, int most) {
    return names.stream()
        .sorted(
            Comparator.comparingInt((String other) -> -alikeness(name, other))
                .thenComparing(Comparator.naturalOrder()))
        .limit(most)
        .toList();
  }

  private static int alikeness(String a, String b) {
    int n = Math.min(a.length(), b.length());
    int front = 0;
    while (front < n && a.charAt(front) == b.charAt(front)) {
      front++;
    }
    int back = 0;
    while (back < n - front && a.charAt(a.length() - 1 - back) == b.charAt(b.length() - 1 - back)) {
      back++;
    }
    return front + back;
  }
}
