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
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A file of SAM's parameters under segment_anything's names, whatever it calls them itself.
 *
 * @param names the file's own names by those of segment_anything
 */
record SamCheckpoint(Path path, Checkpoint checkpoint, Map<String, String> names) {
  static SamCheckpoint open(Path path) throws IOException {
    var checkpoint = Checkpoint.open(path).stateDict();
    boolean renamed = HuggingFaceNames.isUsedBy(checkpoint.names());
    var names = new LinkedHashMap<String, String>();
    for (var name : checkpoint.names()) {
      // Hugging Face's position matrix stands there twice
      names.putIfAbsent(renamed ? HuggingFaceNames.toSam(name) : name, name);
    }
    return new SamCheckpoint(path, checkpoint, names);
  }

  /** The sizes that the parameters show. */
  MedSamConfig config() throws IOException {
    var shapes = new LinkedHashMap<String, Shape>();
    names.forEach((name, own) -> shapes.put(name, checkpoint.shape(own)));
    try {
      return MedSamConfig.of(shapes);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new IOException("%s: not a checkpoint of SAM: %s".formatted(path, e.getMessage()), e);
    }
  }

  /** A model of this size, made of just these parameters. */
  <M> M load(MedSamConfig config, Function<Weights, M> model) throws IOException {
    var arrays = new LinkedHashMap<String, INDArray>();
    for (var entry : names.entrySet()) {
      arrays.put(entry.getKey(), checkpoint.get(entry.getValue()));
    }
    try {
      return Weights.load(arrays, model);
    } catch (IllegalStateException | ShapeException e) {
      throw new IOException(
          "%s: not a checkpoint of %s: %s".formatted(path, config, e.getMessage()), e);
    }
  }
}
