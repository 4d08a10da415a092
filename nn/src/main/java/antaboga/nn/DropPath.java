// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Tape;
import antaboga.Tensor;
import java.util.Arrays;

/**
 * Sets whole samples of a residual branch (B, ...) to 0 in a training pass and scales the others by
 * {@code 1 / (1 - rate)}: stochastic depth. Nothing in inference. The choice comes from the tape's
 * generator.
 *
 * <p>Source: Huang et al. 2016, arXiv 1603.09382; {@code DropPath} of timm.
 *
 * @param rate the share of samples, in [0, 1)
 */
public record DropPath(double rate) implements Layer {
  /** Checks the rate. */
  public DropPath {
    Masks.requireRate("DropPath", rate);
  }

  @Override
  public Tensor forward(Tensor x) {
    if (rate == 0 || !Tape.training()) {
      return x;
    }
    var shape = x.shape().toArray();
    Arrays.fill(shape, 1, shape.length, 1);
    return x.mul(Masks.keep(rate, x.type(), shape));
  }
}
