// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/** What every engine must answer to images of noise, kept in a file. */
record Expected(Path file) {
  /** Images of noise in [0, 1], (batch, 3, size, size). */
  static float[] images(int batch, int size) {
    var random = new SplittableRandom(1);
    var values = new float[batch * 3 * size * size];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble();
    }
    return values;
  }

  /** Keeps an answer. */
  void write(FloatBuffer answer) throws IOException {
    var bytes = ByteBuffer.allocate(Float.BYTES * answer.limit());
    bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(answer);
    Files.write(file, bytes.array());
  }

  /**
   * Holds an answer against the one in the file.
   *
   * @throws IllegalStateException if they differ by more than 1e-3 of the largest element
   */
  void require(FloatBuffer answer) throws IOException {
    var bytes = ByteBuffer.wrap(Files.readAllBytes(file));
    var expected = bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    float largest = 0;
    float error = expected.limit() == answer.limit() ? 0 : Float.NaN;
    for (int i = 0; i < Math.min(expected.limit(), answer.limit()); i++) {
      largest = Math.max(largest, Math.abs(expected.get(i)));
      error = Math.max(error, Math.abs(expected.get(i) - answer.get(i)));
    }
    if (!(error <= 1e-3 * largest)) {
      throw new IllegalStateException(
          "%s differs by %g of %g".formatted(file.getFileName(), error, largest));
    }
  }
}
