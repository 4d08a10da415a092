// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

/**
 * Planes laid out so that every tap of a window is a shift, and a convolution a product without a
 * matrix of columns. Zeros stand behind each row, right margin of the one and left margin of the
 * next; strides take a plane apart into phases, (strideH, strideW, images, rows, columns), in which
 * a step of the window is a step of one element.
 *
 * @param images planes of one channel, one below the other
 * @param slack elements behind each phase: more for shifts of the last positions, fewer where no
 *     row follows
 */
record Lattice(Axis rows, Axis columns, int images, int slack) {
  /**
   * One axis.
   *
   * @param size of the plane
   * @param before zeros before the plane; negative where the lattice begins inside it
   * @param stride of the window
   * @param extent the plane is cut off here, counted from the first zero
   * @param length of a phase
   */
  record Axis(int size, int before, int stride, int extent, int length) {
    /** What a window sees that reaches {@code reach} elements further than its first. */
    static Axis seen(int size, int before, int stride, int outputs, int reach) {
      int last = (outputs - 1) * stride + 1;
      int extent = last + reach;
      int margin = Math.max(0, before);
      int least = Math.max(last, Math.max(extent - margin, Math.min(extent, before + size)));
      return new Axis(size, before, stride, extent, (least + stride - 1) / stride);
    }

    /** An axis of as long phases for a plane of its own. */
    Axis with(int ownSize, int ownBefore, int ownStride, int ownExtent) {
      return new Axis(ownSize, ownBefore, ownStride, ownExtent, length);
    }

    /** The first element of the plane that has a place. */
    int first() {
      return Math.max(0, -before);
    }

    /** The number of elements of the plane that have a place. */
    int count() {
      return Math.max(0, Math.min(size, extent - before) - first());
    }

    int phase(int element) {
      return (element + before) % stride;
    }

    int place(int element) {
      return (element + before) / stride;
    }
  }

  /** What a window sees that reaches so many places further down and right than its first. */
  static Lattice seen(Axis rows, Axis columns, int images, int down, int right) {
    int slack = down * columns.length + right + VectorShifts.PANEL;
    return new Lattice(rows, columns, images, slack);
  }

  /** Where the outputs of such a window are: whole panels from the first to the last of them. */
  Lattice made(Axis ownRows, Axis ownColumns, int outRows, int outColumns) {
    int span = images * rows.length * columns.length;
    int wide = VectorProduct.panelled(positions(outRows, outColumns));
    return new Lattice(ownRows, ownColumns, images, wide - span);
  }

  /** Elements of one phase. */
  int phase() {
    return images * rows.length * columns.length + slack;
  }

  /** Elements of one channel. */
  int channel() {
    return rows.stride * columns.stride * phase();
  }

  /** Positions from the first output to the last, with those between rows. */
  private int positions(int outRows, int outColumns) {
    return ((images - 1) * rows.length + outRows - 1) * columns.length + outColumns;
  }

  /** How far an element of the window lies from its first. */
  int shift(int down, int right) {
    int phase = down % rows.stride * columns.stride + right % columns.stride;
    return phase * phase() + down / rows.stride * columns.length + right / columns.stride;
  }

  /** Where a row of the plane begins in the phase of its first column. */
  private int at(int image, int row, int column) {
    int phase = rows.phase(row) * columns.stride + columns.phase(column);
    int line = image * rows.length + rows.place(row);
    return phase * phase() + line * columns.length + columns.place(column);
  }

  /** Copies a plane, which begins at {@code position}, to its place in a channel of zeros. */
  void read(Tiles source, long position, float[] channel, int from, int image, int slot) {
    int count = rows.count() * columns.size;
    var plane = Scratch.floats(slot, count);
    source.read(position + (long) rows.first() * columns.size, plane, 0, count);
    for (int i = 0; i < rows.count(); i++) {
      for (int j = 0; j < Math.min(columns.stride, columns.count()); j++) {
        int column = columns.first() + j;
        int at = from + at(image, rows.first() + i, column);
        int in = i * columns.size + column;
        int n = (columns.count() - j + columns.stride - 1) / columns.stride;
        if (columns.stride == 1) {
          System.arraycopy(plane, in, channel, at, n);
        } else {
          for (int k = 0; k < n; k++) {
            channel[at + k] = plane[in + k * columns.stride];
          }
        }
      }
    }
  }

  /** Copies a plane from its place in a channel to {@code position}; all columns have a place. */
  void write(Tiles target, long position, float[] channel, int from, int image, int slot) {
    int count = rows.count() * columns.size;
    var plane = Scratch.floats(slot, count);
    for (int i = 0; i < rows.count(); i++) {
      for (int j = 0; j < Math.min(columns.stride, columns.size); j++) {
        int at = from + at(image, rows.first() + i, j);
        int out = i * columns.size + j;
        int n = (columns.size - j + columns.stride - 1) / columns.stride;
        if (columns.stride == 1) {
          System.arraycopy(channel, at, plane, out, n);
        } else {
          for (int k = 0; k < n; k++) {
            plane[out + k * columns.stride] = channel[at + k];
          }
        }
      }
    }
    target.write(position + (long) rows.first() * columns.size, plane, 0, count);
  }
}
