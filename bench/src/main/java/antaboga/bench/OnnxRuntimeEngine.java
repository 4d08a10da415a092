// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;

/** ONNX Runtime, from the files that {@code export} writes. */
final class OnnxRuntimeEngine implements EncoderEngine {
  private final OnnxModel encoder;
  private final OnnxModel decoder;
  private final OnnxTensor image;
  private final OnnxTensor boxes;
  private OrtSession.Result embedding;

  OnnxRuntimeEngine(Path files, int size, int threads) {
    encoder = new OnnxModel(files.resolve(EncoderFiles.encoder(size)), threads);
    decoder = new OnnxModel(files.resolve(EncoderFiles.DECODER), threads);
    image = OnnxModel.tensor(EncoderFiles.image(size), 1, 3, size, size);
    boxes = OnnxModel.tensor(EncoderFiles.box(), 1, 4);
    embedding = encoder.run(Map.of("image", image));
  }

  @Override
  public void encode() {
    embedding.close();
    embedding = encoder.run(Map.of("image", image));
  }

  @Override
  public FloatBuffer embedding() {
    return OnnxModel.first(embedding);
  }

  @Override
  public void box() {
    decoder.run(Map.of("embedding", (OnnxTensor) embedding.get(0), "boxes", boxes)).close();
  }

  @Override
  public void close() {
    embedding.close();
    image.close();
    boxes.close();
    encoder.close();
    decoder.close();
  }
}
