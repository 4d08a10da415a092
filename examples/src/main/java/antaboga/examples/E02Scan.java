// SPDX-License-Identifier: Apache-2.0
package antaboga.examples;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.mamba.SelectiveScan;
import java.io.PrintStream;
import java.util.SplittableRandom;

/** Lesson 2: the selective scan of Mamba, forward and backward. */
public final class E02Scan {
  private E02Scan() {}

  /** Runs the lesson. */
  public static void main(String... arguments) {
    run(System.out);
  }

  static void run(PrintStream out) {
    var random = new SplittableRandom(1);
    var u = Tensor.normal(random, 2, 128, 196); // (B, D, L)
    var delta = Tensor.uniform(random, 2, 128, 196).softplus();
    var a = Tensor.uniform(random, 128, 16).neg(); // (D, N)
    var b = Tensor.normal(random, 2, 16, 196); // (B, N, L)
    var c = Tensor.normal(random, 2, 16, 196);
    var y = SelectiveScan.of(u, delta, a, b, c); // (B, D, L)
    out.printf("y %s, first value %.4f%n", y.shape(), y.toFloats()[0]);

    // What the past may not know: a change at the end leaves everything before it alone.
    var changed = Tensor.concat(2, u.slice(2, 0, 195), Tensor.zeros(u.type(), 2, 128, 1));
    var before = SelectiveScan.of(changed, delta, a, b, c).slice(2, 0, 195);
    var difference = before.sub(y.slice(2, 0, 195)).abs().sum();
    out.printf("difference before the change %.1f%n", difference.item());

    // Backward through time, by hand-written kernels; never one node for each step.
    try (var tape = new Tape(0)) {
      var watched = tape.watch(u);
      var loss = SelectiveScan.of(watched, delta, a, b, c).mean();
      var gradient = tape.gradients(loss).of(watched).orElseThrow();
      out.printf("gradient %s, norm %.6f%n", gradient.shape(), norm(gradient));
    }
  }

  private static double norm(Tensor x) {
    return x.mul(x).sum().sqrt().item();
  }
}
