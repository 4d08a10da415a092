// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.Shape;
import antaboga.Tensor;
import antaboga.io.Checkpoint;
import antaboga.io.FormatException;
import antaboga.medsam.model.MedSamConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.CRC32;

/** An encoded image as a file: safetensors with the embedding and what it is of. */
record SceneFile(Tensor embedding, Frame frame) {
  private static final String FORMAT = "antaboga.format";
  private static final String SCENE = "scene 1";
  private static final String MODEL = "antaboga.encoder";
  private static final String HEIGHT = "height";
  private static final String WIDTH = "width";
  private static final String PREPARATION = "antaboga.preparation";
  private static final String CHECKSUM = "crc32";
  private static final String EMBEDDING = "embedding";

  void write(Path path, String encoder) throws IOException {
    Checkpoint.of(Map.of(EMBEDDING, embedding.array()))
        .with(FORMAT, SCENE)
        .with(MODEL, encoder)
        .with(PREPARATION, frame.preparation().name())
        .with(HEIGHT, Integer.toString(frame.height()))
        .with(WIDTH, Integer.toString(frame.width()))
        .with(CHECKSUM, checksum(embedding))
        .save(path);
  }

  static SceneFile read(Path path, String encoder, MedSamConfig config) throws IOException {
    var file = Checkpoint.open(path);
    var format = file.metadata().get(FORMAT);
    if (!SCENE.equals(format)) {
      throw new FormatException(
          path, FORMAT, format == null ? "is absent: no scene" : format + ", expected " + SCENE);
    }
    var found = file.metadata().getOrDefault(MODEL, "unknown");
    if (!found.equals(encoder)) {
      throw new OtherModelException(path, found, encoder);
    }
    var shape = Shape.of(1, config.channels(), config.grid(), config.grid());
    if (!file.has(EMBEDDING) || !file.shape(EMBEDDING).equals(shape)) {
      throw new FormatException(
          path,
          EMBEDDING,
          (file.has(EMBEDDING) ? "has shape " + file.shape(EMBEDDING) : "is absent")
              + ", expected "
              + shape);
    }
    int height = size(path, file, HEIGHT);
    int width = size(path, file, WIDTH);
    var embedding = Tensor.of(file.get(EMBEDDING));
    if (!checksum(embedding).equals(file.metadata().get(CHECKSUM))) {
      throw new FormatException(path, EMBEDDING, "does not fit its checksum; encode it again");
    }
    var frame = new Frame(preparation(path, file), config.input(), height, width);
    return new SceneFile(embedding, frame);
  }

  private static Preparation preparation(Path path, Checkpoint file) throws FormatException {
    var name = file.metadata().getOrDefault(PREPARATION, "");
    for (var preparation : Preparation.values()) {
      if (preparation.name().equals(name)) {
        return preparation;
      }
    }
    throw new FormatException(path, PREPARATION, "\"%s\", expected MEDSAM or SAM".formatted(name));
  }

  private static int size(Path path, Checkpoint file, String name) throws FormatException {
    var text = file.metadata().getOrDefault(name, "");
    try {
      int size = Integer.parseInt(text);
      if (size > 0) {
        return size;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw new FormatException(path, name, "\"" + text + "\", expected a number of pixels");
  }

  private static String checksum(Tensor embedding) {
    var values = embedding.toFloats();
    var bytes = ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    var crc = new CRC32();
    crc.update(bytes);
    return Long.toHexString(crc.getValue());
  }
}
