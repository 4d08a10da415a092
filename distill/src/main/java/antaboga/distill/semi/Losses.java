// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a step minimises: named terms with their weights. The total is their weighted sum.
 *
 * <pre>{@code
 * Losses.of("supervised", dice).plus("consistency", 0.1 * ramp, consistency)
 * // 0.4310 = supervised 0.4213 + 0.0500 * consistency 0.1934
 * }</pre>
 */
public record Losses(List<Term> terms) {
  /**
   * A term.
   *
   * @param name for logs and messages; unique in a step
   * @param weight what multiplies it in the total
   * @param value a scalar
   */
  public record Term(String name, double weight, Tensor value) {}

  /** Keeps a copy of the list. */
  public Losses {
    terms = List.copyOf(terms);
  }

  /** No term yet. */
  public static Losses none() {
    return new Losses(List.of());
  }

  /** A single term of weight 1. */
  public static Losses of(String name, Tensor value) {
    return none().plus(name, 1, value);
  }

  /** These terms and one more. */
  public Losses plus(String name, double weight, Tensor value) {
    var more = new ArrayList<>(terms);
    more.add(new Term(name, weight, value));
    return new Losses(more);
  }

  /** These terms and the mean of the values, if there are any. */
  Losses plusMean(String name, double weight, List<Tensor> values) {
    return values.stream()
        .reduce(Tensor::add)
        .map(sum -> plus(name, weight, sum.mul(1.0 / values.size())))
        .orElse(this);
  }

  /** These terms and those. */
  public Losses plus(Losses others) {
    var more = new ArrayList<>(terms);
    more.addAll(others.terms);
    return new Losses(more);
  }

  /**
   * The weighted sum, a scalar of the open tape.
   *
   * @throws IllegalStateException if there is no term
   */
  public Tensor total() {
    return terms.stream()
        .map(term -> term.value.mul(term.weight))
        .reduce(Tensor::add)
        .orElseThrow(() -> new IllegalStateException("losses: no term to minimise"));
  }

  /** The value of each term by name, without weights. */
  public Map<String, Double> values() {
    var values = new LinkedHashMap<String, Double>();
    terms.forEach(term -> values.put(term.name, term.value.item()));
    return values;
  }

  /** A copy that outlives the tape. */
  public Losses detach() {
    return new Losses(
        terms.stream().map(t -> new Term(t.name, t.weight, t.value.detach())).toList());
  }

  @Override
  public String toString() {
    double total = terms.stream().mapToDouble(t -> t.weight * t.value.item()).sum();
    return format(total)
        + terms.stream()
            .map(t -> (t.weight == 1 ? "" : format(t.weight) + " * ") + t.name + " " + value(t))
            .collect(Collectors.joining(" + ", " = ", ""));
  }

  private static String value(Term term) {
    return format(term.value.item());
  }

  private static String format(double value) {
    return String.format(Locale.ROOT, "%.4g", value);
  }
}
