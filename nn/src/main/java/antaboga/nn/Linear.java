// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Parameter;
import antaboga.Tensor;
import java.util.Optional;

/**
 * {@code y = x W^T + b}; x (..., in), weight (out, in), bias (out) or none, y (..., out). Keys and
 * start as {@code torch.nn.Linear}.
 */
public record Linear(Parameter weight, Optional<Parameter> bias) implements Layer {
  /** With a bias; both start uniform on ±1/sqrt(in). */
  public Linear(Weights w, long in, long out) {
    this(w, in, out, true);
  }

  /** With or without a bias. */
  public Linear(Weights w, long in, long out, boolean bias) {
    this(w, in, out, bias, Init.fanIn(in), Init.fanIn(in));
  }

  /** With other first values. */
  public Linear(Weights w, long in, long out, boolean bias, Init weight, Init biasInit) {
    this(
        w.get("weight", weight, out, in),
        bias ? Optional.of(w.get("bias", biasInit, out)) : Optional.empty());
  }

  /** The outputs {@code from <= i < to} alone. */
  public Tensor part(Tensor x, long from, long to) {
    var rows = weight.slice(0, from, to);
    return bias.map(b -> x.linear(rows, b.slice(0, from, to))).orElseGet(() -> x.linear(rows));
  }

  @Override
  public Tensor forward(Tensor x) {
    return bias.map(b -> x.linear(weight, b)).orElseGet(() -> x.linear(weight));
  }
}
