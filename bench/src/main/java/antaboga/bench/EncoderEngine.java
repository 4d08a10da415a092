// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;

/**
 * What runs MedSAM's image encoder and mask decoder, made from the files of {@link EncoderFiles}.
 */
interface EncoderEngine extends AutoCloseable {
  /**
   * An engine by name: {@code antaboga} or {@code onnxruntime}.
   *
   * @throws IOException if a file is missing or broken
   */
  static EncoderEngine of(String name, Path files, int size, int threads) throws IOException {
    return switch (name) {
      case "antaboga" -> new AntabogaEngine(files, size, threads);
      case "onnxruntime" -> new OnnxRuntimeEngine(files, size, threads);
      default ->
          throw new IllegalArgumentException(
              "engine %s, expected antaboga or onnxruntime".formatted(name));
    };
  }

  /** Encodes the image. */
  void encode();

  /** The embedding of the last image, (1, 256, size / 16, size / 16). */
  FloatBuffer embedding();

  /** Answers one box on the image that was encoded last. */
  void box();

  @Override
  void close();
}
