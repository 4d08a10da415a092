// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtSession;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.io.Checkpoint;
import antaboga.mamba.vision.VssUNet;
import antaboga.nn.Weights;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;

/** What runs the student on a batch of images, made from the files of {@link StudentFiles}. */
interface StudentEngine extends AutoCloseable {
  /**
   * An engine by name: {@code antaboga} or {@code onnxruntime}.
   *
   * @throws IOException if a file is missing or broken
   */
  static StudentEngine of(String name, Path files, int batch, int threads) throws IOException {
    return switch (name) {
      case EngineRun.OURS -> new Ours(files, batch, threads);
      case EngineRun.THEIRS -> new Theirs(files, batch, threads);
      default ->
          throw new IllegalArgumentException(
              "engine %s, expected antaboga or onnxruntime".formatted(name));
    };
  }

  /** Passes the batch. */
  void segment();

  /** The logits of the last pass, (batch, 1, 256, 256). */
  FloatBuffer logits();

  @Override
  void close();

  /** This library, from a checkpoint. */
  final class Ours implements StudentEngine {
    private final VssUNet student;
    private final Tensor images;
    private Tensor logits = Tensor.scalar(0);

    private Ours(Path files, int batch, int threads) throws IOException {
      System.setProperty("antaboga.threads", Integer.toString(threads)); // read once, at first use
      var file = Checkpoint.open(files.resolve(StudentFiles.CHECKPOINT));
      student = Weights.load(file, weights -> StudentFiles.student(weights.frozen()));
      int size = StudentFiles.SIZE;
      images = Tensor.of(Expected.images(batch, size), batch, 3, size, size);
    }

    @Override
    public void segment() {
      logits = Tape.scoped(() -> student.forward(images));
    }

    @Override
    public FloatBuffer logits() {
      return FloatBuffer.wrap(logits.toFloats());
    }

    @Override
    public void close() {}
  }

  /** ONNX Runtime, from the exported graph. */
  final class Theirs implements StudentEngine {
    private final OnnxModel student;
    private final OnnxTensor images;
    private OrtSession.Result logits;

    private Theirs(Path files, int batch, int threads) {
      student = new OnnxModel(files.resolve(StudentFiles.GRAPH), threads);
      int size = StudentFiles.SIZE;
      images = OnnxModel.tensor(Expected.images(batch, size), batch, 3, size, size);
      logits = student.run(Map.of("image", images));
    }

    @Override
    public void segment() {
      logits.close();
      logits = student.run(Map.of("image", images));
    }

    @Override
    public FloatBuffer logits() {
      return OnnxModel.first(logits);
    }

    @Override
    public void close() {
      logits.close();
      images.close();
      student.close();
    }
  }
}
