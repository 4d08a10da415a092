// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.kernel.Workers;
import antaboga.medsam.model.MedSamConfig;
import java.util.stream.IntStream;

/**
 * Estimates, a little from above, of the memory outside Java's heap that passes take: what the
 * operations of a block or of the decoder allocate, and some more for what does not grow with them
 * and what the allocator leaves unused.
 */
record PassMemory(MedSamConfig config) {
  private static final long MEGABYTE = 1 << 20;
  private static final long FIXED = 80 * MEGABYTE; // compiled code, tables
  private static final long EACH_THREAD = 8 * MEGABYTE; // tiles, buffers of BLAS
  private static final double UNUSED = 1.15;

  /** Encoding an image. */
  long encoding() {
    long side = config.input();
    long tokens = (long) config.grid() * config.grid();
    // at the same time: the image, and what comes from one block and goes to the next
    return total(encoderBlock() + 3 * side * side + 2 * tokens * config.width());
  }

  /** Asking for masks of an image's size, so many at once. */
  long segmenting(int height, int width, int masks) {
    return total(decoder(height, width, masks));
  }

  private static long total(long floats) {
    long fixed = FIXED + Workers.threads() * EACH_THREAD;
    return fixed + (long) (UNUSED * Float.BYTES * floats);
  }

  /** The floats of the largest block of the image encoder. */
  long encoderBlock() {
    return IntStream.range(0, config.depth())
        .mapToLong(block -> encoderBlock(config.window(block)))
        .max()
        .orElse(0);
  }

  // norms, sums and the hidden layer of each token; queries, keys, values and attention of each
  // token with its window's padding; what a token has to do with each row and column
  private long encoderBlock(int window) {
    long side = config.grid();
    long width = config.width();
    long hidden = (long) (width * config.mlpRatio());
    if (window == 0) {
      return side * side * (22 * width + 2 * hidden + side * 2 * config.heads());
    }
    long padded = (side + window - 1) / window * window;
    return side * side * (11 * width + 2 * hidden)
        + padded * padded * (20 * width + window * 2L * config.heads());
  }

  /** The floats of the decoder and of its masks at the image's size. */
  long decoder(int height, int width, int masks) {
    long cells = (long) config.grid() * config.grid();
    return cells * (54L * config.channels() + 32L * (config.masks() + 1))
        + 3L * masks * ((long) height * width + (long) config.input() * config.input())
        + 4L * MEGABYTE / Float.BYTES; // what does not grow with either
  }
}
