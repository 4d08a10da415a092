// SPDX-License-Identifier: Apache-2.0
package antaboga.golden;

import antaboga.io.Npy;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One array of a case, read when asked for. */
public record GoldenArray(Path folder, String name, JsonNode node) {
  /** The sizes that the manifest names. */
  public long[] shape() {
    var sizes = node.get("shape");
    var shape = new long[sizes.size()];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = sizes.get(i).asLong();
    }
    return shape;
  }

  /** The array, in the type it is stored in: dense, row-major, new at each call. */
  public INDArray read() {
    try {
      return Npy.read(folder.resolve(node.get("file").asText()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The array's own tolerance where it has one, else the given one. */
  Tolerance tolerance(Tolerance otherwise) {
    return node.has("atol_suggested")
        ? new Tolerance(node.get("atol_suggested").asDouble(), 0)
        : otherwise;
  }
}
