// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.optim;

import java.util.List;

/** The arithmetic of one optimiser on a stretch of one parameter, in double precision. */
interface Rule {
  /** The names of what is remembered for each element, as PyTorch saves them. */
  List<String> slots();

  /**
   * Moves {@code n} elements.
   *
   * @param p the parameter, changed
   * @param g its gradient, may be overwritten
   * @param slots one array for each slot, changed
   * @param step which step of this parameter, from 1
   * @param rate the learning rate
   * @param decay the weight decay
   */
  void move(double[] p, double[] g, double[][] slots, int n, long step, double rate, double decay);
}
