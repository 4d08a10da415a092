// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.io.Checkpoint;
import antaboga.medsam.model.MedSamConfig;
import antaboga.nn.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * A file of SAM's parameters under segment_anything's names, whatever it calls them itself.
 *
 * @param checkpoint by those names
 */
record SamCheckpoint(Path path, Checkpoint checkpoint) {
  static SamCheckpoint open(Path path) throws IOException {
    var checkpoint = Checkpoint.open(path).stateDict();
    return new SamCheckpoint(
        path,
        HuggingFaceNames.isUsedBy(checkpoint.names())
            // their position matrix stands there twice, and twice the same
            ? checkpoint.renamed(HuggingFaceNames::toSam)
            : checkpoint);
  }

  private Map<String, Shape> shapes() {
    var shapes = new LinkedHashMap<String, Shape>();
    checkpoint.names().forEach(name -> shapes.put(name, checkpoint.shape(name)));
    return shapes;
  }

  /** What the parameters take in memory. */
  long bytes() {
    return shapes().values().stream().mapToLong(shape -> Float.BYTES * shape.elements()).sum();
  }

  /** The sizes that the parameters show. */
  MedSamConfig config() throws IOException {
    try {
      return MedSamConfig.of(shapes());
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new IOException("%s: not a checkpoint of SAM: %s".formatted(path, e.getMessage()), e);
    }
  }

  /** A model of this size, made of just these parameters. */
  <M> M load(MedSamConfig config, Function<Weights, M> model) throws IOException {
    try {
      return Weights.load(checkpoint, model);
    } catch (IllegalStateException | ShapeException e) {
      throw new IOException(
          "%s: not a checkpoint of %s: %s".formatted(path, config, e.getMessage()), e);
    }
  }
}
