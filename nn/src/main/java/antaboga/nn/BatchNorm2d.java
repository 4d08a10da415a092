// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Parameter;
import antaboga.Tape;
import antaboga.Tensor;

/**
 * Normalises each channel by the statistics of the batch in a training pass, and by running ones in
 * inference: x (B, C, ...), everything else (C). A training pass moves the running statistics,
 * {@code r = (1 - momentum) r + momentum s}, with the unbiased variance. Keys and start as {@code
 * torch.nn.BatchNorm2d}.
 *
 * <p>Source: Ioffe and Szegedy 2015, arXiv 1502.03167.
 *
 * @param weight starts with 1
 * @param bias starts with 0
 * @param runningMean saved but not trained, starts with 0
 * @param runningVariance saved but not trained, starts with 1
 * @param batches how many training passes there were
 * @param momentum how much of a batch enters the running statistics
 * @param eps added to the variance
 */
public record BatchNorm2d(
    Parameter weight,
    Parameter bias,
    Parameter runningMean,
    Parameter runningVariance,
    Parameter batches,
    double momentum,
    double eps)
    implements Layer {
  /** Momentum 0.1 and eps 1e-5. */
  public BatchNorm2d(Weights w, long channels) {
    this(w, channels, 0.1, 1e-5);
  }

  /** With other momentum and eps. */
  public BatchNorm2d(Weights w, long channels, double momentum, double eps) {
    this(
        w.get("weight", Init.ones(), channels),
        w.get("bias", Init.zeros(), channels),
        w.buffer("running_mean", Init.zeros(), channels),
        w.buffer("running_var", Init.ones(), channels),
        w.buffer("num_batches_tracked", Init.zeros()),
        momentum,
        eps);
  }

  @Override
  public Tensor forward(Tensor x) {
    if (!Tape.training()) {
      return x.batchNorm(weight, bias, runningMean, runningVariance, eps);
    }
    if (!Tape.repeating()) {
      follow(x);
    }
    return x.batchNorm(weight, bias, eps);
  }

  private void follow(Tensor x) {
    Tape.paused(
        () -> {
          var moments = x.batchMoments(); // (2, C)
          move(runningMean, moments.index(0, 0));
          move(runningVariance, moments.index(0, 1));
          batches.assign(batches.add(1).array());
          return moments;
        });
  }

  private void move(Parameter running, Tensor now) {
    running.assign(running.mul(1 - momentum).add(now.mul(momentum)).array());
  }
}
