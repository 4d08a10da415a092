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

/** A graph that ONNX Runtime runs. */
final class OnnxModel implements AutoCloseable {
  private final OrtSession session;

  /** Loads a file, for so many threads. */
  OnnxModel(Path file, int threads) {
    try (var options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(threads);
      session = OrtEnvironment.getEnvironment().createSession(file.toString(), options);
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  /** An input. */
  static OnnxTensor tensor(float[] values, long... shape) {
    var direct = ByteBuffer.allocateDirect(Float.BYTES * values.length);
    var floats = direct.order(ByteOrder.nativeOrder()).asFloatBuffer();
    floats.put(values).flip();
    try {
      return OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), floats, shape);
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The outputs, which the caller closes. */
  OrtSession.Result run(Map<String, OnnxTensor> inputs) {
    try {
      return session.run(inputs);
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The values of the first output, as long as the result is open. */
  static FloatBuffer first(OrtSession.Result result) {
    return ((OnnxTensor) result.get(0)).getFloatBuffer();
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }
}
