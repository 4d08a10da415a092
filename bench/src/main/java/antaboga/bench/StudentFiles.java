// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import antaboga.io.Checkpoint;
import antaboga.mamba.vision.VssUNet;
import antaboga.mamba.vision.VssUNetConfig;
import antaboga.nn.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Makes what {@link StudentBenchmark} reads: a student with random weights, which cost as much time
 * as trained ones, the same in ONNX, and the logits that both engines must give.
 *
 * <pre>{@code
 * java -cp benchmarks.jar antaboga.bench.StudentFiles FOLDER
 * }</pre>
 */
public final class StudentFiles {
  /** Side of the images, pixels. */
  static final int SIZE = 256;

  static final String CHECKPOINT = "student.safetensors";
  static final String GRAPH = "student.onnx";

  private StudentFiles() {}

  static VssUNet student(Weights weights) {
    return new VssUNet(weights, VssUNetConfig.tiny());
  }

  /** The logits of so many images. */
  static Expected logits(Path files, int batch) {
    return new Expected(files.resolve("logits-" + batch + ".bin"));
  }

  /** Writes the files. */
  public static void main(String[] args) throws IOException {
    if (args.length != 1) {
      throw new IllegalArgumentException("expected FOLDER");
    }
    var folder = Files.createDirectories(Path.of(args[0]));
    var weights = Weights.init(1);
    student(weights).graph(SIZE, SIZE).save(folder.resolve(GRAPH));
    Checkpoint.of(weights.arrays()).save(folder.resolve(CHECKPOINT));
    int threads = Runtime.getRuntime().availableProcessors();
    for (int batch : StudentBenchmark.BATCHES) {
      try (var engine = StudentEngine.of(EngineRun.OURS, folder, batch, threads)) {
        engine.segment();
        logits(folder, batch).write(engine.logits());
      }
    }
  }
}
