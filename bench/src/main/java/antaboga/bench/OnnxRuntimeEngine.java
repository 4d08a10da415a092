// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;

/** ONNX Runtime, from the files that {@code export} writes. */
final class OnnxRuntimeEngine implements EncoderEngine {
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession encoder;
  private final OrtSession decoder;
  private final OnnxTensor image;
  private final OnnxTensor boxes;
  private OrtSession.Result embedding;

  OnnxRuntimeEngine(Path files, int size, int threads) {
    try (var options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(threads);
      encoder = session(files.resolve(EncoderFiles.encoder(size)), options);
      decoder = session(files.resolve(EncoderFiles.DECODER), options);
      image = tensor(EncoderFiles.image(size), 1, 3, size, size);
      boxes = tensor(EncoderFiles.box(), 1, 4);
      embedding = encoder.run(Map.of("image", image));
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  private OrtSession session(Path file, OrtSession.SessionOptions options) throws OrtException {
    return environment.createSession(file.toString(), options);
  }

  private OnnxTensor tensor(float[] values, long... shape) throws OrtException {
    var direct = ByteBuffer.allocateDirect(Float.BYTES * values.length);
    var floats = direct.order(ByteOrder.nativeOrder()).asFloatBuffer();
    floats.put(values).flip();
    return OnnxTensor.createTensor(environment, floats, shape);
  }

  @Override
  public void encode() {
    embedding.close();
    try {
      embedding = encoder.run(Map.of("image", image));
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public FloatBuffer embedding() {
    return ((OnnxTensor) embedding.get(0)).getFloatBuffer();
  }

  @Override
  public void box() {
    var inputs = Map.of("embedding", (OnnxTensor) embedding.get(0), "boxes", boxes);
    try {
      decoder.run(inputs).close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    embedding.close();
    image.close();
    boxes.close();
    try {
      encoder.close();
      decoder.close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }
}
