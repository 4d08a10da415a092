// SPDX-License-Identifier: Apache-2.0
package antaboga;

/**
 * How a kernel or a pool slides over height and width: its size, stride, zero padding at both ends
 * and dilation.
 *
 * <pre>{@code
 * x.conv2d(weight, bias, Window.of(3).padding(1));
 * }</pre>
 */
public record Window(
    int height,
    int width,
    int strideH,
    int strideW,
    int paddingH,
    int paddingW,
    int dilationH,
    int dilationW) {
  /** Checks the numbers. */
  public Window {
    if (height < 1 || width < 1 || strideH < 1 || strideW < 1 || dilationH < 1 || dilationW < 1) {
      throw new IllegalArgumentException(
          "window: size (%d, %d), stride (%d, %d), dilation (%d, %d), expected all > 0"
              .formatted(height, width, strideH, strideW, dilationH, dilationW));
    }
    if (paddingH < 0 || paddingW < 0) {
      throw new IllegalArgumentException(
          "window: padding (%d, %d), expected >= 0".formatted(paddingH, paddingW));
    }
  }

  /** A square window with stride 1, without padding. */
  public static Window of(int size) {
    return of(size, size);
  }

  /** A window with stride 1, without padding. */
  public static Window of(int height, int width) {
    return new Window(height, width, 1, 1, 0, 0, 1, 1);
  }

  /** This window with another stride. */
  public Window stride(int stride) {
    return stride(stride, stride);
  }

  /** This window with another stride along height and width. */
  public Window stride(int alongHeight, int alongWidth) {
    return new Window(
        height, width, alongHeight, alongWidth, paddingH, paddingW, dilationH, dilationW);
  }

  /** This window with another padding. */
  public Window padding(int padding) {
    return padding(padding, padding);
  }

  /** This window with another padding along height and width. */
  public Window padding(int alongHeight, int alongWidth) {
    return new Window(
        height, width, strideH, strideW, alongHeight, alongWidth, dilationH, dilationW);
  }

  /** This window with another dilation. */
  public Window dilation(int dilation) {
    return dilation(dilation, dilation);
  }

  /** This window with another dilation along height and width. */
  public Window dilation(int alongHeight, int alongWidth) {
    return new Window(height, width, strideH, strideW, paddingH, paddingW, alongHeight, alongWidth);
  }

  /** The number of weights of one channel. */
  public int taps() {
    return height * width;
  }

  /**
   * The height of the output over an input of this height.
   *
   * @throws ShapeException if the window is larger than the padded input
   */
  public int outHeight(long inputHeight) {
    return out("height", inputHeight, height, strideH, paddingH, dilationH);
  }

  /**
   * The width of the output over an input of this width.
   *
   * @throws ShapeException if the window is larger than the padded input
   */
  public int outWidth(long inputWidth) {
    return out("width", inputWidth, width, strideW, paddingW, dilationW);
  }

  /** What differs from stride 1 without padding, such as {@code 3x3 stride 2x2 padding 1x1}. */
  @Override
  public String toString() {
    var text = new StringBuilder().append(height).append('x').append(width);
    if (strideH != 1 || strideW != 1) {
      text.append(" stride ").append(strideH).append('x').append(strideW);
    }
    if (paddingH != 0 || paddingW != 0) {
      text.append(" padding ").append(paddingH).append('x').append(paddingW);
    }
    if (dilationH != 1 || dilationW != 1) {
      text.append(" dilation ").append(dilationH).append('x').append(dilationW);
    }
    return text.toString();
  }

  private int out(String axis, long input, int size, int stride, int padding, int dilation) {
    long room = input + 2L * padding - dilation * (size - 1L) - 1;
    if (room < 0) {
      throw new ShapeException(
          "window " + this + ": input of " + axis + " " + input + " is smaller than the window");
    }
    return Math.toIntExact(room / stride + 1);
  }
}
