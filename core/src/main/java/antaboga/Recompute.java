// SPDX-License-Identifier: Apache-2.0
package antaboga;

import java.util.function.Supplier;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A stretch of a pass of which only the result is kept; what lies inside is computed again when a
 * gradient comes back. Both times it runs on a tape of its own above the step's, whose memory the
 * next stretch takes over.
 *
 * <p>It is no {@link Op}, for it may read any tensor of the step and any parameter, and adds to
 * their gradients itself, in the order in which its operations would have done.
 *
 * @param random as it stood before the stretch
 */
record Recompute(Supplier<Tensor> stretch, StepRandom random, Tensor output) implements Tape.Node {
  /** Runs the stretch and records its result alone. */
  static Tensor on(Tape tape, Supplier<Tensor> stretch) {
    var random = tape.randomness().copy();
    try (var inside = Tape.inside(tape, tape.randomness(), false)) {
      var result = stretch.get();
      if (result.owner() != inside) {
        return result; // nothing was computed
      }
      boolean tracked = inside.tracks(result);
      var output = tape.keep(result, tracked);
      if (tracked) {
        tape.add(new Recompute(stretch, random, output));
      }
      return output;
    }
  }

  @Override
  public void back(Tape tape, INDArray gradient, Gradients gradients) {
    try (var inside = Tape.inside(tape, random.copy(), true)) {
      gradients.add(stretch.get(), gradient);
      inside.sweep(gradients);
    }
  }

  @Override
  public String name(Tape tape) {
    try (var inside = Tape.inside(tape, random.copy(), true)) {
      var unused = stretch.get();
      return inside.firstNonFinite().map(it -> "a stretch with " + it).orElse("a stretch");
    }
  }
}
