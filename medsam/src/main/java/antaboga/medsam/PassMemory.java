// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.medsam.model.MedSamConfig;

/** Estimates, from above, of the memory outside Java's heap that passes take. */
record PassMemory(MedSamConfig config) {
  private static final long FLOAT = Float.BYTES;
  private static final long FIXED = 64 << 20; // tiles and tables of threads
  private static final long GROWTH = 2; // of a workspace: the old one, or what did not fit in it

  /** Encoding an image. */
  long encoding() {
    long side = config.grid();
    long tokens = side * side;
    int window = largestWindow();
    long padded = window == 0 ? side : (side + window - 1) / window * window;
    long attended = padded * padded;
    long width = config.width();
    long hidden = (long) (width * config.mlpRatio());
    // norm, sum, network; windows, queries, keys, values and what attention makes of them
    long block = tokens * (8 * width + 2 * hidden) + attended * (14 * width);
    long images = 3L * config.input() * config.input() * 2;
    long between = (config.depth() + 2) * tokens * width; // wait for Java's collector
    return FIXED + FLOAT * (GROWTH * block + images + between);
  }

  /** Asking for masks of an image's size: {@code masks} of them at once. */
  long segmenting(int height, int width, int masks) {
    long cells = (long) config.grid() * config.grid();
    long decoder = 48 * cells * config.channels();
    long pixels = (long) height * width * masks;
    long low = 16 * cells * (config.masks() + 1);
    return FIXED + FLOAT * GROWTH * (decoder + 2 * low + 2 * pixels);
  }

  private int largestWindow() {
    int largest = 0;
    for (int i = 0; i < config.depth(); i++) {
      largest = Math.max(largest, config.window(i));
    }
    return largest;
  }
}
