// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Tape;
import antaboga.Tensor;
import java.util.Arrays;

/**
 * Sets a random share of elements to 0 in a training pass and scales the others by {@code 1 / (1 -
 * rate)}; nothing in inference. The choice comes from the tape's generator.
 *
 * <p>Source: Srivastava et al. 2014, JMLR 15.
 *
 * @param rate the share, in [0, 1)
 * @param channels whether whole channels of (B, C, ...) are dropped, as {@code torch.nn.Dropout2d}
 */
public record Dropout(double rate, boolean channels) implements Layer {
  /** Drops single elements. */
  public Dropout(double rate) {
    this(rate, false);
  }

  /** Checks the rate. */
  public Dropout {
    Masks.requireRate("Dropout", rate);
  }

  /** Drops whole channels. */
  public static Dropout ofChannels(double rate) {
    return new Dropout(rate, true);
  }

  @Override
  public Tensor forward(Tensor x) {
    if (rate == 0 || !Tape.training()) {
      return x;
    }
    var shape = x.shape().toArray();
    if (channels) {
      Arrays.fill(shape, Math.min(2, shape.length), shape.length, 1);
    }
    return x.mul(Masks.keep(rate, x.type(), shape));
  }
}
