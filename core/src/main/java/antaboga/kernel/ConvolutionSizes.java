// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.Window;
import antaboga.kernel.Lattice.Axis;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The sizes of a convolution: x (B, C, H, W), y (B, O, H', W'). */
record ConvolutionSizes(
    int batch,
    int channels,
    int height,
    int width,
    int outputs,
    int outHeight,
    int outWidth,
    int groups,
    Window window) {
  /** Of a convolution whose value, or the gradient of it, is known. */
  static ConvolutionSizes of(
      INDArray y, int channels, int height, int width, Window window, int groups) {
    return new ConvolutionSizes(
        size(y, 0), channels, height, width, size(y, 1), size(y, 2), size(y, 3), groups, window);
  }

  static int size(INDArray x, int axis) {
    return Math.toIntExact(x.size(axis));
  }

  /** Whether every position is a product by itself. */
  boolean isProduct() {
    return groups == 1 && window.equals(Window.of(1));
  }

  /** Channels of a group. */
  int inputs() {
    return channels / groups;
  }

  /** Outputs of a group. */
  int outputsOfGroup() {
    return outputs / groups;
  }

  int taps() {
    return window.taps();
  }

  /** Where a channel of a group begins in x. */
  long inputAt(int image, int group, int channel) {
    return ((long) image * channels + (long) group * inputs() + channel) * height * width;
  }

  /** Where an output of a group begins in y. */
  long outputAt(int image, int group, int output) {
    return ((long) image * outputs + (long) group * outputsOfGroup() + output)
        * outHeight
        * outWidth;
  }

  /** The steps down from the window's first row to its last. */
  int reachDown() {
    return window.dilationH() * (window.height() - 1);
  }

  /** The steps right from the window's first column to its last. */
  int reachRight() {
    return window.dilationW() * (window.width() - 1);
  }

  /** {@link #reachDown} in places of a phase. */
  int moreDown() {
    return reachDown() / window.strideH();
  }

  /** {@link #reachRight} in places of a phase. */
  int moreRight() {
    return reachRight() / window.strideW();
  }

  /** Bands of output rows. */
  Bands bands() {
    int row = outWidth + moreRight();
    return Bands.of(batch, outHeight, row, inputs() * window.strideH() * window.strideW());
  }

  /** What these output rows see of x. */
  Lattice seen(int firstRow, int rows, int images) {
    var w = window;
    int top = w.paddingH() - firstRow * w.strideH();
    return Lattice.seen(
        Axis.seen(height, top, w.strideH(), rows, reachDown()),
        Axis.seen(width, w.paddingW(), w.strideW(), outWidth, reachRight()),
        images,
        moreDown(),
        moreRight());
  }

  /** Where these output rows stand beside what they see. */
  Lattice made(Lattice seen, int firstRow, int rows) {
    return seen.made(
        seen.rows().with(outHeight, -firstRow, 1, rows),
        seen.columns().with(outWidth, 0, 1, outWidth),
        rows,
        outWidth);
  }

  /** Where the taps of some channels stand in what is seen, in the order of the weights. */
  int[] shifts(Lattice seen, int count, int length) {
    var shifts = new int[length];
    for (int c = 0, k = 0; c < count; c++) {
      for (int i = 0; i < window.height(); i++) {
        for (int j = 0; j < window.width(); j++, k++) {
          shifts[k] =
              c * seen.channel() + seen.shift(i * window.dilationH(), j * window.dilationW());
        }
      }
    }
    return shifts;
  }
}
