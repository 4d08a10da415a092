// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.kernel.Workers;
import antaboga.nn.Weights;
import java.time.Duration;
import java.util.Locale;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.Pointer;

/**
 * Prints milliseconds of one training step of the student, forward and backward, median of many,
 * the processor time, and physical memory: {@code TrainStepTiming batch size steps [recompute]}.
 * Threads by {@code -Dantaboga.threads}.
 */
final class TrainStepTiming {
  private TrainStepTiming() {}

  public static void main(String[] args) {
    int batch = Integer.parseInt(args[0]);
    int size = Integer.parseInt(args[1]);
    int steps = Integer.parseInt(args[2]);
    var weights = Weights.init(1);
    var plain = new VssUNet(weights, VssUNetConfig.tiny());
    var net = args.length > 3 ? plain.recomputed() : plain;
    var image = Tensor.uniform(new SplittableRandom(1), batch, 3, size, size);
    var forward = new double[steps];
    var backward = new double[steps];
    var process = ProcessHandle.current();
    Duration before = Duration.ZERO;
    for (int step = 0; step < steps; step++) {
      if (step == steps / 2) {
        before = process.info().totalCpuDuration().orElse(Duration.ZERO);
      }
      long start = System.nanoTime();
      try (var tape = new Tape(step)) {
        var loss = net.forward(image).pow(2).mean();
        long middle = System.nanoTime();
        var unused = tape.gradients(loss).norm();
        forward[step] = (middle - start) * 1e-6;
        backward[step] = (System.nanoTime() - middle) * 1e-6;
      }
    }
    var used = process.info().totalCpuDuration().orElse(Duration.ZERO).minus(before);
    System.out.printf(
        Locale.ROOT,
        "batch %d, %d px, %d threads: forward %.0f ms, backward %.0f ms; %.0f ms of cores,"
            + " %d MB%n",
        batch,
        size,
        Workers.threads(),
        median(forward),
        median(backward),
        used.toMillis() / (steps - steps / 2.0),
        Pointer.physicalBytes() >> 20);
  }

  private static double median(double[] times) {
    var half = java.util.Arrays.copyOfRange(times, times.length / 2, times.length);
    java.util.Arrays.sort(half);
    return half[half.length / 2];
  }
}
