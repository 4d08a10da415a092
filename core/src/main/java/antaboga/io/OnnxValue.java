// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import antaboga.Parameter;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * What an input, a constant or an operator of a graph gives; the operations that a tensor has, as
 * nodes of that graph. Sizes are not checked here but by the runtime that loads the file.
 *
 * @param graph where it belongs
 * @param name under which the graph knows it
 */
public record OnnxValue(OnnxGraph graph, String name) {
  /** The sum, broadcast. */
  public OnnxValue add(OnnxValue other) {
    return with("Add", other);
  }

  /** The difference, broadcast. */
  public OnnxValue sub(OnnxValue other) {
    return with("Sub", other);
  }

  /** The product of single elements, broadcast. */
  public OnnxValue mul(OnnxValue other) {
    return with("Mul", other);
  }

  /** Each element times a number. */
  public OnnxValue mul(double factor) {
    return mul(graph.scalar(factor));
  }

  /** Each element plus a number. */
  public OnnxValue add(double number) {
    return add(graph.scalar(number));
  }

  /** The matrix product over the last two axes, broadcast over the others. */
  public OnnxValue matmul(OnnxValue other) {
    return with("MatMul", other);
  }

  /** The same elements in order; one size may be -1. */
  public OnnxValue reshape(long... shape) {
    return with("Reshape", graph.integers(shape));
  }

  /** The axes in another order. */
  public OnnxValue permute(long... axes) {
    return with("Transpose", Map.of("perm", axes));
  }

  /** {@code x W^T + b} of a matrix x (N, in), with the weight as it is stored: (out, in). */
  public OnnxValue linear(OnnxValue weight, OnnxValue bias) {
    return graph.apply("Gemm", List.of(this, weight, bias), Map.of("transB", 1));
  }

  /** {@code x W^T + b} of a matrix x (N, in), weight (out, in). */
  public OnnxValue linear(Parameter weight, Parameter bias) {
    return linear(graph.parameter(weight), graph.parameter(bias));
  }

  /** {@code x W^T} of a matrix x (N, in), with the weight as it is stored: (out, in). */
  public OnnxValue linear(OnnxValue weight) {
    return graph.apply("Gemm", List.of(this, weight), Map.of("transB", 1));
  }

  /** The norm over the last axis. */
  public OnnxValue layerNorm(Parameter weight, Parameter bias, double eps) {
    return graph.apply(
        "LayerNormalization",
        List.of(this, graph.parameter(weight), graph.parameter(bias)),
        Map.of("axis", -1, "epsilon", eps));
  }

  /** The norm over the channels of x (B, C, H, W). */
  public OnnxValue channelNorm(Parameter weight, Parameter bias, double eps) {
    return permute(0, 2, 3, 1).layerNorm(weight, bias, eps).permute(0, 3, 1, 2);
  }

  /** {@code x Phi(x)}, in the form that runtimes recognise and fuse. */
  public OnnxValue gelu() {
    var erf = with("Div", graph.scalar(Math.sqrt(2))).with("Erf", Map.of());
    return mul(erf.add(1)).mul(0.5);
  }

  /** {@code x sigmoid(x)}. */
  public OnnxValue silu() {
    return mul(apply("Sigmoid"));
  }

  /** An operator of this value alone, such as {@code Relu}. */
  public OnnxValue apply(String operator) {
    return with(operator, Map.of());
  }

  /** The softmax over the last axis. */
  public OnnxValue softmax() {
    return with("Softmax", Map.of("axis", -1));
  }

  /** The positions {@code from <= i < to} along an axis. */
  public OnnxValue slice(int axis, long from, long to) {
    return graph.apply(
        "Slice",
        List.of(this, graph.integers(from), graph.integers(to), graph.integers(axis)),
        Map.of());
  }

  /** One position along an axis, which goes away. */
  public OnnxValue index(int axis, long at) {
    var one = slice(axis, at, at + 1);
    return graph.apply("Squeeze", List.of(one, graph.integers(axis)), Map.of());
  }

  /** These positions along an axis, in this order. */
  public OnnxValue gather(int axis, long... at) {
    return graph.apply("Gather", List.of(this, graph.integers(at)), Map.of("axis", axis));
  }

  /** A new axis of size 1 at this place. */
  public OnnxValue unsqueeze(int axis) {
    return with("Unsqueeze", graph.integers(axis));
  }

  /** Equal parts along an axis. */
  public List<OnnxValue> split(int axis, int parts) {
    return graph.apply("Split", List.of(this), Map.of("axis", axis), parts);
  }

  /** Zeros appended to each axis. */
  public OnnxValue padEnd(long... zeros) {
    var pads =
        LongStream.concat(LongStream.range(0, zeros.length).map(i -> 0), LongStream.of(zeros));
    return with("Pad", graph.integers(pads.toArray()));
  }

  /** Maps (B, C, H, W) of twice the height and width, linear between aligned corners. */
  public OnnxValue doubled() {
    var one = graph.scalar(1).reshape(1);
    var two = graph.scalar(2).reshape(1);
    var none = new OnnxValue(graph, ""); // an input that is left out
    return graph.apply(
        "Resize",
        List.of(this, none, concat(0, List.of(one, one, two, two))),
        Map.of("mode", "linear", "coordinate_transformation_mode", "align_corners"));
  }

  /** Maps (B, C, H, W) of half the height and width, the largest of four. */
  public OnnxValue halved() {
    var two = new long[] {2, 2};
    return with("MaxPool", Map.of("kernel_shape", two, "strides", two));
  }

  /** Values one after the other along an axis. */
  public static OnnxValue concat(int axis, List<OnnxValue> values) {
    return values.get(0).graph.apply("Concat", values, Map.of("axis", axis));
  }

  private OnnxValue with(String operator, OnnxValue other) {
    return graph.apply(operator, List.of(this, other), Map.of());
  }

  private OnnxValue with(String operator, Map<String, ?> attributes) {
    return graph.apply(operator, List.of(this), attributes);
  }
}
