// SPDX-License-Identifier: Apache-2.0
package antaboga.examples;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.nn.Activation;
import antaboga.nn.Mlp;
import antaboga.nn.Weights;
import antaboga.nn.loss.MeanSquared;
import antaboga.nn.optim.AdamW;
import java.io.PrintStream;
import java.util.SplittableRandom;

/** Lesson 1: a tape records a pass, gives the gradients, and owns the memory of the step. */
public final class E01Tape {
  private E01Tape() {}

  /** Runs the lesson. */
  public static void main(String... arguments) {
    run(System.out);
  }

  static void run(PrintStream out) {
    // A leaf that a tape watches has a gradient: d/dx x silu(x) at 1.
    try (var tape = new Tape(0)) {
      var x = tape.watch(Tensor.of(new float[] {1}, 1));
      var y = x.mul(x.silu()).sum();
      out.printf("dy/dx = %.4f%n", tape.gradients(y).of(x).orElseThrow().item());
    }

    // A model asks a place in a tree of names for its parameters.
    var weights = Weights.init(42);
    var model = new Mlp(weights.at("mlp"), 1, 32, Activation.TANH);
    var optimizer = new AdamW(AdamW.Config.of(1e-2), weights.trainable());
    var loss = new MeanSquared();
    var random = new SplittableRandom(7);
    for (int step = 0; step <= 400; step++) {
      var x = Tensor.uniform(random, 64, 1).affine(6, -3); // (64, 1) in [-3, 3)
      var sine = sine(x);
      try (var tape = new Tape(step)) {
        var error = loss.of(model.forward(x), sine);
        optimizer.step(tape.gradients(error));
        if (step % 100 == 0) {
          out.printf("step %d, mean squared error %.2f%n", step, error.item());
        }
      }
    }

    // Without a tape nothing is recorded: inference.
    var y = model.forward(Tensor.of(new float[] {1.5f}, 1, 1));
    out.printf("model(1.5) = %.2f, sin(1.5) = %.2f%n", y.item(), Math.sin(1.5));
  }

  private static Tensor sine(Tensor x) {
    var values = x.toFloats();
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.sin(values[i]);
    }
    return Tensor.of(values, x.shape().toArray());
  }
}
