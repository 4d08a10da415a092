// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.optim;

import antaboga.Gradients;
import antaboga.Tensor;
import java.util.Map;

/**
 * Moves parameters against their gradients, in place. A parameter without a gradient is left
 * untouched, and so is its state.
 *
 * <p>A training run that saves {@link #state} beside the parameters and gives it back to {@link
 * #restore} continues bit for bit.
 */
public interface Optimizer {
  /** One step with the rate of the configuration. */
  void step(Gradients gradients);

  /**
   * One step with this learning rate.
   *
   * @throws IllegalArgumentException if the rate is negative or not finite
   */
  void step(Gradients gradients, double rate);

  /**
   * What the optimiser remembers, by name: {@code <parameter>.<slot>}, and {@code <parameter>.step}
   * for the number of steps that the parameter took. A copy.
   */
  Map<String, Tensor> state();

  /**
   * Replaces everything that the optimiser remembers; parameters of which the state says nothing
   * start afresh.
   *
   * @throws IllegalArgumentException if the state names a parameter that is not optimised here, or
   *     lacks a slot
   * @throws antaboga.ShapeException if a slot has not the shape and type of its parameter
   */
  void restore(Map<String, Tensor> state);
}
