// SPDX-License-Identifier: Apache-2.0
package antaboga.ops;

import antaboga.Dims;
import antaboga.Op;
import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.Window;
import antaboga.kernel.ConvolutionKernel;
import antaboga.kernel.DepthwiseKernel;
import antaboga.kernel.DepthwiseKernel.Layout;
import antaboga.kernel.Permutation;
import antaboga.kernel.Planes;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Sliding products; weights stand as in PyTorch. The last input, bias, may be left out. */
public interface Convolution {
  /**
   * x (B, C, H, W), weight (O, C / groups, kh, kw), bias (O), value (B, O, H', W'), H' = (H + 2
   * padding - dilation (kh - 1) - 1) / stride + 1, rounded down.
   */
  record Conv2d(Window window, int groups) implements Op {
    /** Checks the number of groups. */
    public Conv2d {
      requireGroups(groups);
    }

    @Override
    public Value apply(INDArray... inputs) {
      var bias = bias(this, 0, inputs);
      var x = inputs[0];
      var weight = inputs[1];
      var dims =
          Dims.of(toString())
              .bind("x", x, "B C H W")
              .bind("weight", weight, "O I " + window.height() + " " + window.width())
              .bind("bias", bias, "O");
      requireEqualGroups(this, x, dims.size("C"), dims.size("I"), dims.size("O"), groups);
      if (groups == dims.size("C") && groups == dims.size("O") && groups > 1) {
        return new Depthwise2d(window, Layout.CHANNELS_FIRST).apply(inputs);
      }
      var kernel = ConvolutionKernel.chosen();
      int height = dims.count("H");
      int width = dims.count("W");
      return new Value(
          kernel.forward(x, weight, bias, window, groups),
          (g, needed) ->
              gradients(
                  needed,
                  () -> kernel.backwardInput(g, weight, window, groups, height, width),
                  () -> kernel.backwardWeight(g, x, window, groups, weight.shape()),
                  () -> Planes.sum(g)));
    }
  }

  /**
   * The adjoint of {@link Conv2d}: x (B, C, H, W), weight (C, O / groups, kh, kw), bias (O), value
   * (B, O, H', W'), H' = (H - 1) stride - 2 padding + dilation (kh - 1) + more + 1.
   *
   * @param moreH rows added at one end, which no stride reaches otherwise
   * @param moreW columns added at one end
   */
  record ConvTranspose2d(Window window, int moreH, int moreW, int groups) implements Op {
    /** Checks the options. */
    public ConvTranspose2d {
      requireGroups(groups);
      if (moreH < 0
          || moreW < 0
          || moreH >= Math.max(window.strideH(), window.dilationH())
          || moreW >= Math.max(window.strideW(), window.dilationW())) {
        throw new IllegalArgumentException(
            "transposed convolution: output padding (%d, %d), expected below stride or dilation"
                    .formatted(moreH, moreW)
                + " of "
                + window);
      }
    }

    @Override
    public Value apply(INDArray... inputs) {
      var bias = bias(this, groups, inputs);
      var x = inputs[0];
      var weight = inputs[1];
      var dims =
          Dims.of(toString())
              .bind("x", x, "B C H W")
              .bind("weight", weight, "C I " + window.height() + " " + window.width())
              .bind("bias", bias, Long.toString(weight.size(1) * groups));
      requireEqualGroups(this, x, bias.length(), dims.size("I"), dims.size("C"), groups);
      int height =
          (dims.count("H") - 1) * window.strideH()
              - 2 * window.paddingH()
              + window.dilationH() * (window.height() - 1)
              + moreH
              + 1;
      int width =
          (dims.count("W") - 1) * window.strideW()
              - 2 * window.paddingW()
              + window.dilationW() * (window.width() - 1)
              + moreW
              + 1;
      if (height < 1 || width < 1) {
        throw new ShapeException(
            this + ": x has shape " + Shape.text(x.shape()) + ", too small for the padding");
      }
      var kernel = ConvolutionKernel.chosen();
      var y = kernel.backwardInput(x, weight, window, groups, height, width);
      if (inputs.length == 3) {
        Planes.add(y, bias);
      }
      var none = Arrays.zeros(x.dataType(), x.size(1));
      return new Value(
          y,
          (g, needed) ->
              gradients(
                  needed,
                  () -> cropped(kernel.forward(g, weight, none, window, groups), x),
                  () -> kernel.backwardWeight(x, g, window, groups, weight.shape()),
                  () -> Planes.sum(g)));
    }
  }

  /**
   * Every channel by itself, with stride 1 or more: weight (C, 1, kh, kw), bias (C), x (B, C, H, W)
   * or, with channels last, (B, H, W, C).
   */
  record Depthwise2d(Window window, Layout layout) implements Op {
    @Override
    public Value apply(INDArray... inputs) {
      var bias = bias(this, 0, inputs);
      boolean last = layout == Layout.CHANNELS_LAST;
      var dims =
          Dims.of(toString())
              .bind("x", inputs[0], last ? "B H W C" : "B C H W")
              .bind("weight", inputs[1], "C 1 " + window.height() + " " + window.width())
              .bind("bias", bias, "C");
      int height = window.outHeight(dims.size("H"));
      int width = window.outWidth(dims.size("W"));
      return depthwise(inputs[0], inputs[1], bias, window, height, width, layout);
    }
  }

  /**
   * Every channel by itself along time, seeing no later step: {@code y_t = sum_k w_k x_(t - K + 1 +
   * k)}; weight (C, 1, K), bias (C), x (B, C, L) or, with channels last, (B, L, C).
   */
  record Depthwise1d(Layout layout) implements Op {
    @Override
    public Value apply(INDArray... inputs) {
      var bias = bias(this, 0, inputs);
      boolean last = layout == Layout.CHANNELS_LAST;
      var dims =
          Dims.of(toString())
              .bind("x", inputs[0], last ? "B L C" : "B C L")
              .bind("weight", inputs[1], "C 1 K")
              .bind("bias", bias, "C");
      int k = dims.count("K");
      var window = last ? Window.of(k, 1).padding(k - 1, 0) : Window.of(1, k).padding(0, k - 1);
      long b = dims.size("B");
      long c = dims.size("C");
      int l = dims.count("L");
      var x = last ? Arrays.reshape(inputs[0], b, l, 1, c) : Arrays.reshape(inputs[0], b, c, 1, l);
      var weight = Arrays.reshape(inputs[1], c, 1, window.height(), window.width());
      var value = depthwise(x, weight, bias, window, last ? l : 1, last ? 1 : l, layout);
      return new Value(
          Arrays.reshape(value.array(), inputs[0].shape()),
          (g, needed) -> {
            var back = value.backward().apply(Arrays.reshape(g, x.shape()), needed);
            back[0] = Arrays.reshape(back[0], inputs[0].shape());
            back[1] = Arrays.reshape(back[1], inputs[1].shape());
            return back;
          });
    }
  }

  /**
   * x (B, C, D, H, W), weight (O, C, kd, kh, kw), bias (O), value (B, O, D', H', W'): a sum of
   * {@link Conv2d} over the depth of the kernel, for small volumes.
   *
   * @param window height and width
   * @param strideD stride along depth
   * @param paddingD zeros before and after along depth
   * @param dilationD dilation along depth
   */
  record Conv3d(Window window, int strideD, int paddingD, int dilationD, int groups) implements Op {
    /** Checks the options. */
    public Conv3d {
      requireGroups(groups);
      if (strideD < 1 || paddingD < 0 || dilationD < 1) {
        throw new IllegalArgumentException(
            "conv3d: stride %d, padding %d, dilation %d along depth, expected > 0, >= 0, > 0"
                .formatted(strideD, paddingD, dilationD));
      }
    }

    @Override
    public Value apply(INDArray... inputs) {
      var bias = bias(this, 0, inputs);
      var x = inputs[0];
      var weight = inputs[1];
      var dims =
          Dims.of(toString())
              .bind("x", x, "B C D H W")
              .bind("weight", weight, "O I K " + window.height() + " " + window.width())
              .bind("bias", bias, "O");
      requireEqualGroups(this, x, dims.size("C"), dims.size("I"), dims.size("O"), groups);
      int depth = dims.count("D");
      int taps = dims.count("K");
      // the planes of the depth axis are made images, so that they lie together
      var planes = Permutation.of(x, 2, 0, 1, 3, 4);
      var kernels = Permutation.of(weight, 2, 0, 1, 3, 4);
      int room = depth + 2 * paddingD - dilationD * (taps - 1) - 1;
      if (room < 0) {
        throw new ShapeException(
            this + ": x has shape " + Shape.text(x.shape()) + ", depth smaller than the kernel");
      }
      int outDepth = room / strideD + 1;
      int outHeight = window.outHeight(dims.size("H"));
      int outWidth = window.outWidth(dims.size("W"));
      var kernel = ConvolutionKernel.chosen();
      var y =
          Arrays.zeros(x.dataType(), outDepth, dims.size("B"), dims.size("O"), outHeight, outWidth);
      var none = Arrays.zeros(x.dataType(), dims.size("O"));
      for (int o = 0; o < outDepth; o++) {
        for (int k = 0; k < taps; k++) {
          int i = o * strideD - paddingD + k * dilationD;
          if (i >= 0 && i < depth) {
            y.slice(o)
                .addi(kernel.forward(planes.slice(i), kernels.slice(k), none, window, groups));
          }
        }
      }
      var value = Permutation.of(y, 1, 2, 0, 3, 4);
      Planes.add(value, bias);
      return new Value(
          value,
          (g, needed) -> {
            var upstream = Permutation.of(g, 2, 0, 1, 3, 4);
            var dx = Arrays.zeros(x.dataType(), planes.shape());
            var dw = Arrays.zeros(x.dataType(), kernels.shape());
            for (int o = 0; o < outDepth; o++) {
              var slice = upstream.slice(o);
              for (int k = 0; k < taps; k++) {
                int i = o * strideD - paddingD + k * dilationD;
                if (i >= 0 && i < depth) {
                  var w = kernels.slice(k);
                  dx.slice(i)
                      .addi(
                          kernel.backwardInput(
                              slice, w, window, groups, dims.count("H"), dims.count("W")));
                  dw.slice(k)
                      .addi(
                          kernel.backwardWeight(slice, planes.slice(i), window, groups, w.shape()));
                }
              }
            }
            return gradients(
                needed,
                () -> Permutation.of(dx, 1, 2, 0, 3, 4),
                () -> Permutation.of(dw, 1, 2, 0, 3, 4),
                () -> Planes.sum(g));
          });
    }
  }

  /** One gradient, computed where it is needed. */
  @FunctionalInterface
  interface Part {
    INDArray get();
  }

  private static INDArray[] gradients(boolean[] needed, Part... parts) {
    var gradients = new INDArray[needed.length];
    for (int i = 0; i < needed.length; i++) {
      if (needed[i]) {
        gradients[i] = parts[i].get();
      }
    }
    return gradients;
  }

  private static Op.Value depthwise(
      INDArray x,
      INDArray weight,
      INDArray bias,
      Window window,
      int outHeight,
      int outWidth,
      Layout layout) {
    var kernel = DepthwiseKernel.chosen();
    return new Op.Value(
        kernel.forward(x, weight, bias, window, outHeight, outWidth, layout),
        (g, needed) -> {
          var back = kernel.backward(g, x, weight, window, layout);
          return new INDArray[] {back.x(), back.weight(), back.bias()};
        });
  }

  /** The last input, or zeros where it was left out. */
  private static INDArray bias(Op op, int transposedGroups, INDArray... inputs) {
    if (inputs.length != 2 && inputs.length != 3) {
      throw new IllegalArgumentException(
          op + ": got " + inputs.length + " inputs, expected x, weight and perhaps bias");
    }
    Arrays.sameType(op, inputs);
    if (inputs.length == 3) {
      return inputs[2];
    }
    var weight = inputs[1];
    if (weight.rank() < 2) {
      throw new ShapeException(
          op + ": weight has shape " + Shape.text(weight.shape()) + ", expected channels and taps");
    }
    long outputs = transposedGroups > 0 ? weight.size(1) * transposedGroups : weight.size(0);
    return Arrays.zeros(weight.dataType(), outputs);
  }

  private static INDArray cropped(INDArray dx, INDArray x) {
    if (java.util.Arrays.equals(dx.shape(), x.shape())) {
      return dx;
    }
    return Arrays.contiguous(
        dx.get(
            NDArrayIndex.all(),
            NDArrayIndex.all(),
            NDArrayIndex.interval(0, x.size(2)),
            NDArrayIndex.interval(0, x.size(3))));
  }

  private static void requireGroups(int groups) {
    if (groups < 1) {
      throw new IllegalArgumentException("convolution: groups " + groups + ", expected > 0");
    }
  }

  private static void requireEqualGroups(
      Op op, INDArray x, long channels, long perGroup, long outputs, int groups) {
    if (perGroup * groups != channels || outputs % groups != 0) {
      throw new ShapeException(
          op
              + ": x has shape "
              + Shape.text(x.shape())
              + ", expected "
              + perGroup * groups
              + " channels, "
              + groups
              + " groups of "
              + perGroup
              + " as in weight, and outputs in equal groups");
    }
  }
}
