// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import antaboga.Shape;
import java.io.IOException;
import org.nd4j.linalg.api.ndarray.INDArray;

/** An array of a checkpoint that is read when asked for. */
record StoredArray(ElementType type, Shape shape, Source source) {
  /** Where it comes from: dense, row-major, in {@code type.loaded()}. */
  interface Source {
    INDArray load() throws IOException;
  }
}
