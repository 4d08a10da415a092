// SPDX-License-Identifier: Apache-2.0
package antaboga;

import antaboga.kernel.Blas;
import antaboga.kernel.DepthwiseKernel;
import antaboga.kernel.GeluKernel;
import antaboga.kernel.Tiles;
import antaboga.ops.Arithmetic;
import antaboga.ops.Arrays;
import antaboga.ops.Attention;
import antaboga.ops.Convolution;
import antaboga.ops.Elementwise;
import antaboga.ops.MatMul;
import antaboga.ops.Movement;
import antaboga.ops.Normalization;
import antaboga.ops.Pooling;
import antaboga.ops.Reduction;
import antaboga.ops.Resample;
import antaboga.ops.Softmax;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A differentiable value: an immutable handle on one dense row-major array of floats or doubles (or
 * of longs, for class labels and indices). Names and conventions of its operations are PyTorch's.
 *
 * <p>A tensor that was made under an open {@link Tape} lives until that tape closes.
 */
public sealed class Tensor permits Parameter {
  static {
    Blas.prepare();
  }

  private final INDArray array;
  private final @Nullable Tape owner;
  private final boolean tracked;

  Tensor(INDArray array, @Nullable Tape owner, boolean tracked) {
    if (array.isEmpty()) {
      throw new ShapeException(
          "tensor of shape " + Shape.text(array.shape()) + ", expected no axis of size 0");
    }
    if (!Arrays.isContiguous(array)) {
      throw new IllegalStateException(
          "array of shape " + Shape.text(array.shape()) + " is not dense and row-major");
    }
    this.array = array;
    this.owner = owner;
    this.tracked = tracked;
  }

  // ---- factories

  /** A constant with the array's values; the array must not be changed afterwards. */
  public static Tensor of(INDArray array) {
    var dense = Arrays.contiguous(array);
    return new Tensor(dense, dense.isAttached() ? Tape.current().orElse(null) : null, false);
  }

  /**
   * A float tensor with a copy of the values, in row-major order.
   *
   * @throws ShapeException if their number does not fit the shape
   */
  public static Tensor of(float[] values, long... shape) {
    requireCount(values.length, shape);
    var array = Arrays.empty(DataType.FLOAT, shape);
    if (values.length > 0) {
      Tiles.of(array).write(0, values, 0, values.length); // ND4J would copy one by one
    }
    return of(array);
  }

  /** A double tensor with a copy of the values, in row-major order. */
  public static Tensor of(double[] values, long... shape) {
    requireCount(values.length, shape);
    var array = Arrays.empty(DataType.DOUBLE, shape);
    if (values.length > 0) {
      Tiles.of(array).write(0, values, 0, values.length);
    }
    return of(array);
  }

  private static void requireCount(int count, long[] shape) {
    if (Shape.of(shape).elements() != count) {
      throw new ShapeException(count + " values for shape " + Shape.text(shape));
    }
  }

  /** A float tensor of one value. */
  public static Tensor scalar(float value) {
    return of(Nd4j.scalar(value));
  }

  /** A tensor of zeros. */
  public static Tensor zeros(DataType type, long... shape) {
    return of(Arrays.zeros(type, shape));
  }

  /** A tensor of one value throughout. */
  public static Tensor full(DataType type, double value, long... shape) {
    return of(Arrays.empty(type, shape).assign(value));
  }

  /** Floats from the standard normal distribution. */
  public static Tensor normal(RandomGenerator random, long... shape) {
    var values = new float[Math.toIntExact(Shape.of(shape).elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return of(values, shape);
  }

  /** Floats from the uniform distribution on [0, 1). */
  public static Tensor uniform(RandomGenerator random, long... shape) {
    var values = new float[Math.toIntExact(Shape.of(shape).elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat();
    }
    return of(values, shape);
  }

  // ---- what it holds

  /**
   * The array itself, dense and row-major; must not be changed.
   *
   * @throws IllegalStateException if the tape that owned its memory has closed
   */
  public INDArray array() {
    if (owner != null && owner.isClosed()) {
      throw new IllegalStateException(
          "tensor of shape "
              + Shape.text(array.shape())
              + " used after its tape closed; take detach() of it while the tape is open");
    }
    return array;
  }

  /** Its sizes. */
  public Shape shape() {
    return Shape.of(array.shape());
  }

  /** The size of an axis; a negative axis counts from the end. */
  public long size(int axis) {
    return shape().size(axis);
  }

  /** FLOAT, DOUBLE, or LONG for labels and indices. */
  public DataType type() {
    return array.dataType();
  }

  /**
   * The value of a tensor with one element.
   *
   * @throws ShapeException if it has more
   */
  public double item() {
    if (shape().elements() != 1) {
      throw new ShapeException("item of shape " + shape() + ", expected one element");
    }
    return array().getDouble(0);
  }

  /** A copy of the values as floats, in row-major order. */
  public float[] toFloats() {
    var floats = array().castTo(DataType.FLOAT);
    var values = new float[Math.toIntExact(floats.length())];
    if (values.length > 0) {
      Tiles.of(floats).read(0, values, 0, values.length);
    }
    return values;
  }

  /** A copy of the values as doubles, in row-major order. */
  public double[] toDoubles() {
    var doubles = array().castTo(DataType.DOUBLE);
    var values = new double[Math.toIntExact(doubles.length())];
    if (values.length > 0) {
      Tiles.of(doubles).read(0, values, 0, values.length);
    }
    return values;
  }

  /** A constant with a copy of the values, in memory of its own: what outlives a tape. */
  public Tensor detach() {
    return new Tensor(Arrays.outsideTapes(() -> array().dup('c')), null, false);
  }

  /** The same values as a constant: no gradient flows through (PyTorch's {@code detach}). */
  public Tensor stopGradient() {
    return new Tensor(array(), owner, false);
  }

  /** The same values in another floating-point type, as a constant. */
  public Tensor to(DataType type) {
    return of(array().castTo(type));
  }

  @Nullable Tape owner() {
    return owner;
  }

  boolean tracked() {
    return tracked;
  }

  // ---- arithmetic; shapes broadcast by NumPy's rule

  /** {@code this + other}. */
  public Tensor add(Tensor other) {
    return Tape.apply(new Arithmetic.Add(), this, other);
  }

  /** {@code this - other}. */
  public Tensor sub(Tensor other) {
    return Tape.apply(new Arithmetic.Sub(), this, other);
  }

  /** {@code this * other}, element by element. */
  public Tensor mul(Tensor other) {
    return Tape.apply(new Arithmetic.Mul(), this, other);
  }

  /** {@code this / other}, element by element. */
  public Tensor div(Tensor other) {
    return Tape.apply(new Arithmetic.Div(), this, other);
  }

  /** {@code factor * this}. */
  public Tensor mul(double factor) {
    return affine(factor, 0);
  }

  /** {@code this + summand}. */
  public Tensor add(double summand) {
    return affine(1, summand);
  }

  /** {@code factor * this + summand}. */
  public Tensor affine(double factor, double summand) {
    return Tape.apply(new Arithmetic.Affine(factor, summand), this);
  }

  /** {@code -this}. */
  public Tensor neg() {
    return affine(-1, 0);
  }

  // ---- element by element

  /** {@code this^exponent}. */
  public Tensor pow(double exponent) {
    return Tape.apply(new Elementwise.Pow(exponent), this);
  }

  /** {@code e^x}. */
  public Tensor exp() {
    return Tape.apply(new Elementwise.Exp(), this);
  }

  /** The natural logarithm. */
  public Tensor log() {
    return Tape.apply(new Elementwise.Log(), this);
  }

  /** The square root. */
  public Tensor sqrt() {
    return Tape.apply(new Elementwise.Sqrt(), this);
  }

  /** The absolute value; its derivative at 0 is 0. */
  public Tensor abs() {
    return Tape.apply(new Elementwise.Abs(), this);
  }

  /** Values limited to [low, high]; no gradient flows where the limit acts. */
  public Tensor clamp(double low, double high) {
    return Tape.apply(new Elementwise.Clamp(low, high), this);
  }

  /** {@code 1 / (1 + e^-x)}. */
  public Tensor sigmoid() {
    return Tape.apply(new Elementwise.Sigmoid(), this);
  }

  /** {@code ln sigmoid(x)}, without overflow. */
  public Tensor logSigmoid() {
    return Tape.apply(new Elementwise.LogSigmoid(), this);
  }

  /** {@code ln(1 + e^x)}, without overflow. */
  public Tensor softplus() {
    return Tape.apply(new Elementwise.Softplus(), this);
  }

  /** {@code max(x, 0)}. */
  public Tensor relu() {
    return leakyRelu(0);
  }

  /** {@code x} where positive, else {@code slope x}. */
  public Tensor leakyRelu(double slope) {
    return Tape.apply(new Elementwise.LeakyRelu(slope), this);
  }

  /** {@code x sigmoid(x)}. */
  public Tensor silu() {
    return Tape.apply(new Elementwise.Silu(), this);
  }

  /** {@code x z sigmoid(z)}, of one shape: x through a gate that SiLU opens. */
  public Tensor siluGate(Tensor z) {
    return Tape.apply(new Elementwise.SiluGate(), this, z);
  }

  /** The hyperbolic tangent. */
  public Tensor tanh() {
    return Tape.apply(new Elementwise.Tanh(), this);
  }

  /** {@code x Phi(x)} with the exact normal distribution function. */
  public Tensor gelu() {
    return Tape.apply(new Elementwise.Gelu(GeluKernel.Form.ERF), this);
  }

  /** {@code x Phi(x)} with the approximation of Phi by tanh. */
  public Tensor geluTanh() {
    return Tape.apply(new Elementwise.Gelu(GeluKernel.Form.TANH), this);
  }

  // ---- reductions; negative axes count from the end, none means all

  /** The sum over the axes, which disappear. */
  public Tensor sum(int... axes) {
    return Tape.apply(new Reduction.Sum(Reduction.axes(shape(), axes), false), this);
  }

  /** The sum over the axes, which stay with size 1. */
  public Tensor sumKeep(int... axes) {
    return Tape.apply(new Reduction.Sum(Reduction.axes(shape(), axes), true), this);
  }

  /** The mean over the axes, which disappear. */
  public Tensor mean(int... axes) {
    var sum = sum(axes);
    return sum.mul((double) sum.shape().elements() / shape().elements());
  }

  /** The mean over the axes, which stay with size 1. */
  public Tensor meanKeep(int... axes) {
    var sum = sumKeep(axes);
    return sum.mul((double) sum.shape().elements() / shape().elements());
  }

  /** The largest value along an axis, which disappears; the gradient goes to the first maximum. */
  public Tensor max(int axis) {
    return Tape.apply(new Reduction.Max(shape().axis(axis)), this);
  }

  /** {@code ln sum e^x} along an axis, which disappears, without overflow. */
  public Tensor logSumExp(int axis) {
    return Tape.apply(new Reduction.LogSumExp(shape().axis(axis)), this);
  }

  // ---- movement

  /** The same elements in another shape; one size may be -1. */
  public Tensor reshape(long... sizes) {
    return Tape.apply(new Movement.Reshape(Movement.resolve(shape(), sizes)), this);
  }

  /** Axes in another order: axis i of the result is axis {@code order[i]} of this. */
  public Tensor permute(int... order) {
    return Tape.apply(new Movement.Permute(Movement.order(shape(), order)), this);
  }

  /** The part {@code from <= i < to} of an axis. */
  public Tensor slice(int axis, long from, long to) {
    return Tape.apply(Movement.Slice.of(shape(), axis, from, to), this);
  }

  /** Entry i of an axis, which disappears. */
  public Tensor index(int axis, long i) {
    int at = shape().axis(axis);
    var sizes = new java.util.ArrayList<Long>();
    for (int k = 0; k < shape().rank(); k++) {
      if (k != at) {
        sizes.add(size(k));
      }
    }
    return slice(axis, i, i + 1).reshape(sizes.stream().mapToLong(s -> s).toArray());
  }

  /** Tensors one after another along an axis; the other sizes must agree. */
  public static Tensor concat(int axis, Tensor... parts) {
    return Tape.apply(new Movement.Concat(parts[0].shape().axis(axis)), parts);
  }

  /** Tensors one after another along an axis; the other sizes must agree. */
  public static Tensor concat(int axis, List<Tensor> parts) {
    return concat(axis, parts.toArray(Tensor[]::new));
  }

  /** Zeros before and after the entries of an axis. */
  public Tensor pad(int axis, long before, long after) {
    return Tape.apply(new Movement.Pad(shape().axis(axis), before, after), this);
  }

  /** This tensor repeated along its axes of size 1, and along new leading axes. */
  public Tensor expand(long... sizes) {
    return Tape.apply(new Movement.Expand(Shape.of(sizes)), this);
  }

  /** The entries of the axes in reverse order. */
  public Tensor flip(int... axes) {
    return Tape.apply(new Movement.Flip(Reduction.axes(shape(), axes)), this);
  }

  // ---- products

  /** The matrix product over the last two axes; leading axes broadcast. */
  public Tensor matmul(Tensor other) {
    return Tape.apply(new MatMul(false, false), this, other);
  }

  /** As {@link #matmul}, with the last two axes of the other exchanged: {@code x y^T}. */
  public Tensor matmulTransposed(Tensor other) {
    return Tape.apply(new MatMul(false, true), this, other);
  }

  /** {@code x W^T}: x (..., in), weight (out, in), returns (..., out). */
  public Tensor linear(Tensor weight) {
    return Tape.apply(new MatMul.Linear(), this, weight);
  }

  /** {@code x W^T + b}: x (..., in), weight (out, in), bias (out), returns (..., out). */
  public Tensor linear(Tensor weight, Tensor bias) {
    return Tape.apply(new MatMul.Linear(), this, weight, bias);
  }

  /**
   * Attention with this as queries: {@code softmax(scale q k^T) v}; q (P, L, d), k (P, M, d), v (P,
   * M, e), returns (P, L, e). The scores never stand in memory.
   */
  public Tensor attention(Tensor keys, Tensor values, double scale) {
    return Tape.apply(new Attention(scale), this, keys, values);
  }

  /**
   * The same with relative positions over keys on a grid, M = H W, added to the scores: {@code
   * rows[i, j / W] + columns[i, j % W]}; rows (P, L, H), columns (P, L, W).
   */
  public Tensor attention(Tensor keys, Tensor values, Tensor rows, Tensor columns, double scale) {
    return Tape.apply(new Attention(scale), this, keys, values, rows, columns);
  }

  // ---- normalisation: (x - mean) / sqrt(variance + eps) * weight + bias

  /** {@code e^x / sum e^x} along an axis. */
  public Tensor softmax(int axis) {
    return Tape.apply(new Softmax.Value(shape().axis(axis)), this);
  }

  /** {@code ln softmax(x)} along an axis, without overflow. */
  public Tensor logSoftmax(int axis) {
    return Tape.apply(new Softmax.Log(shape().axis(axis)), this);
  }

  /** Normalised over the last axis: x (..., W), weight (W), bias (W). */
  public Tensor layerNorm(Tensor weight, Tensor bias, double eps) {
    return Tape.apply(new Normalization.LayerNorm(eps), this, weight, bias);
  }

  /** Normalised over the channels of each position: x (B, C, ...), weight (C), bias (C). */
  public Tensor channelNorm(Tensor weight, Tensor bias, double eps) {
    return Tape.apply(new Normalization.ChannelNorm(eps), this, weight, bias);
  }

  /** {@code x / sqrt(mean(x^2) + eps) * weight} over the last axis: x (..., W), weight (W). */
  public Tensor rmsNorm(Tensor weight, double eps) {
    return Tape.apply(new Normalization.RmsNorm(eps), this, weight);
  }

  /** Normalised over a group of channels and all positions: x (B, C, ...), weight, bias (C). */
  public Tensor groupNorm(int groups, Tensor weight, Tensor bias, double eps) {
    return Tape.apply(new Normalization.GroupNorm(groups, eps), this, weight, bias);
  }

  /** Normalised over the positions of each channel, without weights: x (B, C, ...). */
  public Tensor instanceNorm(double eps) {
    return Tape.apply(new Normalization.InstanceNorm(eps), this);
  }

  /** Normalised by the statistics of the batch: x (B, C, ...), weight (C), bias (C). */
  public Tensor batchNorm(Tensor weight, Tensor bias, double eps) {
    return Tape.apply(new Normalization.BatchNorm(eps), this, weight, bias);
  }

  /** Normalised by given statistics, which are constants: weight, bias, mean, variance (C). */
  public Tensor batchNorm(Tensor weight, Tensor bias, Tensor mean, Tensor variance, double eps) {
    return Tape.apply(
        new Normalization.BatchNormInference(eps), this, weight, bias, mean, variance);
  }

  /** Mean and unbiased variance of each channel over batch and positions: (2, C). */
  public Tensor batchMoments() {
    return Tape.apply(new Normalization.BatchMoments(), this);
  }

  // ---- convolutions; weights stand as in PyTorch

  /** x (B, C, H, W), weight (O, C, kh, kw), returns (B, O, H', W'). */
  public Tensor conv2d(Tensor weight, Window window) {
    return conv2d(weight, window, 1);
  }

  /** The same in groups: weight (O, C / groups, kh, kw). */
  public Tensor conv2d(Tensor weight, Window window, int groups) {
    return Tape.apply(new Convolution.Conv2d(window, groups), this, weight);
  }

  /** x (B, C, H, W), weight (O, C, kh, kw), bias (O), returns (B, O, H', W'). */
  public Tensor conv2d(Tensor weight, Tensor bias, Window window) {
    return conv2d(weight, bias, window, 1);
  }

  /** The same in groups: weight (O, C / groups, kh, kw). */
  public Tensor conv2d(Tensor weight, Tensor bias, Window window, int groups) {
    return Tape.apply(new Convolution.Conv2d(window, groups), this, weight, bias);
  }

  /** The adjoint of conv2d: x (B, C, H, W), weight (C, O, kh, kw), returns (B, O, H', W'). */
  public Tensor convTranspose2d(Tensor weight, Window window) {
    return Tape.apply(new Convolution.ConvTranspose2d(window, 0, 0, 1), this, weight);
  }

  /** The adjoint of conv2d: x (B, C, H, W), weight (C, O, kh, kw), bias (O). */
  public Tensor convTranspose2d(Tensor weight, Tensor bias, Window window) {
    return Tape.apply(new Convolution.ConvTranspose2d(window, 0, 0, 1), this, weight, bias);
  }

  /** Every channel by itself: x (B, C, H, W), weight (C, 1, kh, kw), bias (C). */
  public Tensor depthwise2d(Tensor weight, Tensor bias, Window window) {
    return Tape.apply(
        new Convolution.Depthwise2d(window, DepthwiseKernel.Layout.CHANNELS_FIRST),
        this,
        weight,
        bias);
  }

  /** Every channel by itself, channels last: x (B, H, W, C), weight (C, 1, kh, kw), bias (C). */
  public Tensor depthwise2dLast(Tensor weight, Tensor bias, Window window) {
    return Tape.apply(
        new Convolution.Depthwise2d(window, DepthwiseKernel.Layout.CHANNELS_LAST),
        this,
        weight,
        bias);
  }

  /** Every channel by itself, without a look ahead: x (B, C, L), weight (C, 1, K), bias (C). */
  public Tensor causalConv1d(Tensor weight, Tensor bias) {
    return Tape.apply(
        new Convolution.Depthwise1d(DepthwiseKernel.Layout.CHANNELS_FIRST), this, weight, bias);
  }

  /** The same with channels last: x (B, L, C), weight (C, 1, K), bias (C). */
  public Tensor causalConv1dLast(Tensor weight, Tensor bias) {
    return Tape.apply(
        new Convolution.Depthwise1d(DepthwiseKernel.Layout.CHANNELS_LAST), this, weight, bias);
  }

  // ---- images in another size: x (..., H, W)

  /** Resampled to a height and width. */
  public Tensor resize(Resample.Rule rule, int height, int width) {
    return Tape.apply(Resample.Resize.to(rule, height, width), this);
  }

  /** Resampled by a factor along height and width; the sizes are rounded down. */
  public Tensor resizeBy(Resample.Rule rule, double factor) {
    return Tape.apply(Resample.Resize.by(rule, shape(), factor, factor), this);
  }

  /** The largest value of each window; the gradient goes to the first maximum. */
  public Tensor maxPool2d(Window window) {
    return Tape.apply(new Pooling.MaxPool2d(window), this);
  }

  /** The mean of each window; padding counts as zeros. */
  public Tensor avgPool2d(Window window) {
    return Tape.apply(new Pooling.AvgPool2d(window), this);
  }

  /** Means over bins that cover the image, one for each output. */
  public Tensor adaptiveAvgPool2d(int height, int width) {
    return Tape.apply(new Pooling.AdaptiveAvgPool2d(height, width), this);
  }

  @Override
  public String toString() {
    return shape() + " " + type() + (owner != null && owner.isClosed() ? ", of a closed tape" : "");
  }
}
