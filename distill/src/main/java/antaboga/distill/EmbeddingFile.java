// SPDX-License-Identifier: Apache-2.0
package antaboga.distill;

import antaboga.Shape;
import antaboga.Tensor;
import antaboga.io.Checkpoint;
import antaboga.ops.Arrays;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.zip.CRC32;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One image's embedding on disk: a safetensors file with a map for each side, and a checksum. */
record EmbeddingFile(Embeddings.Config config, String key) {
  private static final System.Logger LOG = System.getLogger(EmbeddingFile.class.getName());

  // other sides are another file, or two students of one teacher would overwrite one another's
  Path path() {
    var sides = config.sides().stream().map(side -> "-" + side).collect(Collectors.joining());
    return config.folder().resolve(config.teacher()).resolve(key + sides + ".safetensors");
  }

  /** The maps by side; empty if the file is not there or not to be trusted. */
  Optional<Map<Integer, float[]>> read() {
    var path = path();
    if (!Files.exists(path)) {
      return Optional.empty();
    }
    try {
      var checkpoint = Checkpoint.open(path);
      var maps = new LinkedHashMap<Integer, float[]>();
      for (int side : config.sides()) {
        maps.put(side, map(checkpoint, side));
      }
      if (checkpoint.metadata().equals(metadata(maps, name(checkpoint)))) {
        return Optional.of(maps);
      }
      LOG.log(System.Logger.Level.DEBUG, "{0}: of something else; computed anew", path);
    } catch (IOException | NoSuchElementException e) {
      LOG.log(System.Logger.Level.DEBUG, path + ": cannot be used; computed anew", e);
    }
    return Optional.empty();
  }

  private float[] map(Checkpoint checkpoint, int side) throws IOException {
    var name = Integer.toString(side);
    var shape = Shape.of(config.width(), side, side);
    if (!checkpoint.shape(name).equals(shape)) {
      throw new NoSuchElementException(
          "map %s has shape %s, expected %s".formatted(name, checkpoint.shape(name), shape));
    }
    return Tensor.of(checkpoint.get(name)).toFloats();
  }

  private static String name(Checkpoint checkpoint) {
    return checkpoint.metadata().getOrDefault("image", "");
  }

  /**
   * Writes the maps in place of the file.
   *
   * @throws IOException with the path and a remedy
   */
  void write(Map<Integer, float[]> maps, String image) throws IOException {
    var arrays = new LinkedHashMap<String, INDArray>();
    maps.forEach(
        (side, values) ->
            arrays.put(
                Integer.toString(side),
                Arrays.outsideTapes(() -> Tensor.of(values, config.width(), side, side).array())));
    var checkpoint = Checkpoint.of(arrays);
    for (var entry : metadata(maps, image).entrySet()) {
      checkpoint = checkpoint.with(entry.getKey(), entry.getValue());
    }
    var path = path();
    try {
      Files.createDirectories(path.getParent());
      checkpoint.save(path);
    } catch (IOException e) {
      throw new IOException(
          "%s; the embedding is not cached: free some space or make the folder writable"
              .formatted(e.getMessage()),
          e);
    }
  }

  private Map<String, String> metadata(Map<Integer, float[]> maps, String image) {
    var metadata = new LinkedHashMap<String, String>();
    metadata.put("format", "antaboga embedding 1");
    metadata.put("teacher", config.teacher());
    metadata.put("content", key);
    metadata.put("image", image);
    maps.forEach((side, values) -> metadata.put("crc32." + side, checksum(values)));
    return metadata;
  }

  private static String checksum(float[] values) {
    var bytes = ByteBuffer.allocate(Float.BYTES * values.length);
    bytes.asFloatBuffer().put(values);
    var crc = new CRC32();
    crc.update(bytes);
    return Long.toHexString(crc.getValue());
  }
}
