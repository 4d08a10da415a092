// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.metric;

/**
 * The Dice coefficient {@code 2 |P and T| / (|P| + |T|)}, in [0, 1].
 *
 * @param empty what two empty masks score; ours and medpy's 1, MONAI's and DeepMind's undefined
 */
public record Dice(EmptyMasks empty) implements Metric {
  /** Two empty masks agree fully: 1; one empty mask scores 0. */
  public Dice() {
    this(EmptyMasks.of(1, 0, 0));
  }

  @Override
  public String name() {
    return "Dice";
  }

  @Override
  public double of(Pair pair) {
    return empty.of(name(), pair).orElseGet(() -> pair.overlap().dice());
  }
}
