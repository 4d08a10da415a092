// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Tape;
import antaboga.Tensor;

/** Looks into the image encoder, for tests of other packages. */
public final class BlockProbe {
  private BlockProbe() {}

  /** Tokens with positions. */
  public static Tensor embed(Sam sam, Tensor image) {
    return Tape.scoped(() -> sam.imageEncoder().embed(image));
  }

  /** The value of a block. */
  public static Tensor block(Sam sam, int i, Tensor x) {
    return Tape.scoped(() -> sam.imageEncoder().blocks().get(i).forward(x));
  }

  /** The embedding of the last block's tokens. */
  public static Tensor neck(Sam sam, Tensor x) {
    return Tape.scoped(() -> sam.imageEncoder().neck().forward(x));
  }
}
