// SPDX-License-Identifier: Apache-2.0
package antaboga.ops;

import antaboga.Op;
import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.Window;
import antaboga.kernel.Pools;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Images in a smaller size: one value for each window. */
public interface Pooling {
  /** The largest value: x (..., H, W); the gradient goes to the first maximum of a window. */
  record MaxPool2d(Window window) implements Op.Unary {
    /** Padding beyond half the window would leave windows without an element. */
    public MaxPool2d {
      if (2 * window.paddingH() > window.height() || 2 * window.paddingW() > window.width()) {
        throw new IllegalArgumentException(
            "max pool: padding of " + window + ", expected at most half its size");
      }
    }

    @Override
    public Value apply(INDArray x) {
      image(this, x);
      int height = Math.toIntExact(x.size(-2));
      int width = Math.toIntExact(x.size(-1));
      var max = Pools.max(x, window);
      return Value.of(max.value(), g -> max.backward(g, height, width));
    }
  }

  /** The mean; padding counts as zeros and as elements: x (..., H, W). */
  record AvgPool2d(Window window) implements Op.Unary {
    /** Checks the window. */
    public AvgPool2d {
      if (window.dilationH() != 1 || window.dilationW() != 1) {
        throw new IllegalArgumentException("average pool: " + window + ", expected no dilation");
      }
    }

    @Override
    public Value apply(INDArray x) {
      image(this, x);
      int height = Math.toIntExact(x.size(-2));
      int width = Math.toIntExact(x.size(-1));
      int outHeight = window.outHeight(height);
      int outWidth = window.outWidth(width);
      var w = window;
      Pools.Bins rows = (i, end) -> edge(i, w.strideH(), w.paddingH(), w.height(), height, end);
      Pools.Bins columns = (i, end) -> edge(i, w.strideW(), w.paddingW(), w.width(), width, end);
      return Value.of(
          Pools.mean(x, outHeight, outWidth, w.taps(), rows, columns),
          g -> Pools.meanBackward(g, height, width, w.taps(), rows, columns));
    }

    private static int edge(int i, int stride, int padding, int size, int inputs, boolean end) {
      int at = i * stride - padding + (end ? size : 0);
      return Math.max(0, Math.min(inputs, at));
    }
  }

  /**
   * The mean over bins that cover the image, one for each output: x (..., H, W), value (...,
   * height, width). Bin i of n reaches from i H / n, rounded down, to (i + 1) H / n, rounded up.
   */
  record AdaptiveAvgPool2d(int height, int width) implements Op.Unary {
    /** Checks the sizes. */
    public AdaptiveAvgPool2d {
      if (height < 1 || width < 1) {
        throw new IllegalArgumentException(
            "adaptive pool: to (%d, %d), expected sizes > 0".formatted(height, width));
      }
    }

    @Override
    public Value apply(INDArray x) {
      image(this, x);
      int inHeight = Math.toIntExact(x.size(-2));
      int inWidth = Math.toIntExact(x.size(-1));
      Pools.Bins rows = (i, end) -> edge(i, inHeight, height, end);
      Pools.Bins columns = (i, end) -> edge(i, inWidth, width, end);
      return Value.of(
          Pools.mean(x, height, width, 0, rows, columns),
          g -> Pools.meanBackward(g, inHeight, inWidth, 0, rows, columns));
    }

    private static int edge(int i, int inputs, int outputs, boolean end) {
      return end
          ? (int) (((i + 1L) * inputs + outputs - 1) / outputs)
          : (int) ((long) i * inputs / outputs);
    }
  }

  private static void image(Op op, INDArray x) {
    Arrays.sameType(op, x);
    if (x.rank() < 2 || x.length() == 0) {
      throw new ShapeException(
          op + ": x has shape " + Shape.text(x.shape()) + ", expected (..., H, W)");
    }
  }
}
