// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.Window;

/** A window of stride 1: sizes, dilations, and zeros before the first row and column. */
record Taps(int height, int width, int down, int right, int top, int left) {
  static Taps of(Window w) {
    return new Taps(
        w.height(), w.width(), w.dilationH(), w.dilationW(), w.paddingH(), w.paddingW());
  }

  Taps turned() {
    return new Taps(
        height, width, down, right, down * (height - 1) - top, right * (width - 1) - left);
  }

  int count() {
    return height * width;
  }

  int moreRows() {
    return down * (height - 1);
  }

  int moreColumns() {
    return right * (width - 1);
  }
}
