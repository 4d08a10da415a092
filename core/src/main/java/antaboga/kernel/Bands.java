// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

/**
 * Cuts a batch into tasks: bands of rows of a large image, or several small images together. The
 * cut depends on sizes alone.
 *
 * @param images of a task
 * @param rows of a task
 * @param across bands of an image
 * @param count tasks
 */
record Bands(int batch, int height, int images, int rows, int across, int count) {
  /** Elements of the input of a task, at most: a quarter of a second-level cache. */
  private static final int MOST = 1 << 16;

  /** Positions of a task, at least: few enough to share out, enough to fill whole tiles. */
  private static final int LEAST = 256;

  /**
   * Bands of {@code batch} images of {@code height} rows.
   *
   * @param positions of a row
   * @param depth elements for each position
   */
  static Bands of(int batch, int height, int positions, int depth) {
    long row = (long) positions * depth;
    int across = (int) Math.min(height, (height * row + MOST - 1) / MOST);
    int rows = (height + across - 1) / across;
    across = (height + rows - 1) / rows;
    int image = height * positions;
    int images = across > 1 ? 1 : Math.min(batch, (LEAST + image - 1) / image);
    return new Bands(batch, height, images, rows, across, (batch + images - 1) / images * across);
  }

  int firstImage(int task) {
    return task / across * images;
  }

  int images(int task) {
    return Math.min(images, batch - firstImage(task));
  }

  int firstRow(int task) {
    return task % across * rows;
  }

  int rows(int task) {
    return Math.min(rows, height - firstRow(task));
  }
}
