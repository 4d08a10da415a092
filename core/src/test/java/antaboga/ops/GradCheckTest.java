// SPDX-License-Identifier: Apache-2.0
package antaboga.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.GradCheck;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.Window;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.linalg.api.buffer.DataType;

/** The gradient of every operation against central differences in double precision. */
class GradCheckTest {
  private record Case(Function<Tensor[], Tensor> function, List<long[]> shapes) {}

  private static final Map<String, Case> CASES = new LinkedHashMap<>();

  private static void add(String name, Function<Tensor[], Tensor> function, long[]... shapes) {
    CASES.put(name, new Case(function, List.of(shapes)));
  }

  private static long[] s(long... sizes) {
    return sizes;
  }

  static {
    add("Add", x -> x[0].add(x[1]), s(2, 3), s(2, 3));
    add("Add broadcast", x -> x[0].add(x[1]), s(2, 1, 3), s(4, 1));
    add("Add repeated", x -> x[0].add(x[1]), s(2, 3, 4), s(1, 3, 4));
    add("Add repeated left", x -> x[0].add(x[1]), s(4), s(2, 3, 4));
    add("Sub broadcast", x -> x[0].sub(x[1]), s(3), s(2, 3));
    add("Mul", x -> x[0].mul(x[1]), s(2, 3), s(2, 3));
    add("Mul broadcast", x -> x[0].mul(x[1]), s(1), s(2, 3));
    add("Mul by itself", x -> x[0].mul(x[0]), s(5));
    add("Div broadcast", x -> x[0].div(x[1].exp()), s(2, 1, 3), s(4, 3));
    add("Affine", x -> x[0].affine(-2, 3), s(7));
    add("Exp", x -> x[0].exp(), s(7));
    add("Log", x -> x[0].exp().log(), s(7));
    add("Pow", x -> x[0].exp().pow(1.7), s(7));
    add("Sqrt", x -> x[0].exp().sqrt(), s(7));
    add("Abs", x -> x[0].abs(), s(7));
    add("Clamp", x -> x[0].clamp(-0.5, 0.5), s(7));
    add("Sigmoid", x -> x[0].sigmoid(), s(7));
    add("LogSigmoid", x -> x[0].logSigmoid(), s(7));
    add("Softplus", x -> x[0].softplus(), s(7));
    add("LeakyRelu", x -> x[0].leakyRelu(0.1), s(7));
    add("Silu", x -> x[0].silu(), s(7));
    add("SiluGate", x -> x[0].siluGate(x[1]), s(7), s(7));
    add("Tanh", x -> x[0].tanh(), s(7));
    add("Gelu erf", x -> x[0].gelu(), s(7));
    add("Gelu tanh", x -> x[0].geluTanh(), s(7));
    add("Sum", x -> x[0].sum(0, 2), s(2, 3, 4));
    add("Sum all", x -> x[0].sum(), s(2, 3, 4));
    add("Sum keep", x -> x[0].sumKeep(-1), s(2, 3));
    add("Mean", x -> x[0].mean(1), s(2, 3, 4));
    add("Max", x -> x[0].max(1), s(2, 3, 4));
    add("LogSumExp", x -> x[0].logSumExp(-2), s(2, 3, 4));
    add("Reshape", x -> x[0].reshape(3, -1), s(2, 3, 4));
    add("Permute", x -> x[0].permute(2, 0, 1), s(2, 3, 4));
    add("Slice", x -> x[0].slice(1, 1, 3), s(2, 3, 4));
    add("Slice of a row", x -> x[0].index(0, 1), s(2, 3, 4));
    add("Concat", x -> Tensor.concat(1, x[0], x[1]), s(2, 1, 2), s(2, 3, 2));
    add("Pad", x -> x[0].pad(-1, 2, 1), s(2, 3));
    add("Expand", x -> x[0].expand(3, 2, 4, 5), s(2, 1, 5));
    add("Expand leading and last", x -> x[0].expand(3, 2, 5), s(2, 1));
    add("Flip", x -> x[0].flip(0, 1), s(2, 3, 2));
    add("MatMul", x -> x[0].matmul(x[1]), s(2, 3), s(3, 4));
    add("MatMul batched", x -> x[0].matmul(x[1]), s(2, 5, 2, 3), s(2, 5, 3, 4));
    add("MatMul shared right", x -> x[0].matmul(x[1]), s(2, 2, 3), s(3, 4));
    add("MatMul shared left", x -> x[0].matmul(x[1]), s(2, 3), s(3, 3, 1));
    add("MatMul transposed", x -> x[0].matmulTransposed(x[1]), s(2, 5, 3), s(2, 4, 3));
    add("Linear", x -> x[0].linear(x[1], x[2]), s(2, 1, 3), s(4, 3), s(4));
    add("Linear without bias", x -> x[0].linear(x[1]), s(5, 3), s(1, 3));
    add("Attention", x -> x[0].attention(x[1], x[2], 0.7), s(2, 3, 4), s(2, 5, 4), s(2, 5, 2));
    add(
        "Attention with relative positions",
        x -> x[0].attention(x[1], x[2], x[3], x[4], 0.7),
        s(2, 3, 4),
        s(2, 6, 4),
        s(2, 6, 2),
        s(2, 3, 2),
        s(2, 3, 3));
    add("Softmax.Value", x -> x[0].softmax(1), s(2, 3, 4));
    add("Softmax.Value last axis", x -> x[0].softmax(-1), s(2, 3));
    add("Softmax.Log", x -> x[0].logSoftmax(0), s(3, 2));
    add("LayerNorm", x -> x[0].layerNorm(x[1], x[2], 1e-5), s(2, 3, 5), s(5), s(5));
    add("ChannelNorm", x -> x[0].channelNorm(x[1], x[2], 1e-5), s(2, 3, 2, 2), s(3), s(3));
    add("RmsNorm", x -> x[0].rmsNorm(x[1], 1e-5), s(2, 3, 5), s(5));
    add("GroupNorm", x -> x[0].groupNorm(2, x[1], x[2], 1e-5), s(2, 4, 3), s(4), s(4));
    add("InstanceNorm", x -> x[0].instanceNorm(1e-5), s(2, 3, 2, 2));
    add("BatchNorm", x -> x[0].batchNorm(x[1], x[2], 1e-5), s(3, 2, 2, 2), s(2), s(2));
    add("BatchNorm without positions", x -> x[0].batchNorm(x[1], x[2], 1e-5), s(5, 2), s(2), s(2));
    add("BatchNormInference", GradCheckTest::batchNormInference, s(3, 2, 2), s(2), s(2));
    var same = Window.of(3).padding(1);
    add("Conv2d", x -> x[0].conv2d(x[1], x[2], same), s(2, 2, 3, 4), s(3, 2, 3, 3), s(3));
    add("Conv2d without bias", x -> x[0].conv2d(x[1], Window.of(1)), s(2, 3, 2, 2), s(2, 3, 1, 1));
    add(
        "Conv2d options",
        x -> x[0].conv2d(x[1], x[2], new Window(1, 3, 2, 1, 0, 2, 1, 2), 2),
        s(1, 4, 5, 4),
        s(6, 2, 1, 3),
        s(6));
    add(
        "ConvTranspose2d",
        x -> x[0].convTranspose2d(x[1], x[2], Window.of(2).stride(2)),
        s(2, 3, 2, 3),
        s(3, 2, 2, 2),
        s(2));
    add(
        "ConvTranspose2d options",
        x ->
            Tape.apply(
                new Convolution.ConvTranspose2d(
                    Window.of(3, 2).stride(2, 1).padding(1, 0), 1, 0, 2),
                x),
        s(1, 4, 3, 2),
        s(4, 3, 3, 2));
    add(
        "ConvTranspose2d with more than a stride",
        x -> Tape.apply(new Convolution.ConvTranspose2d(Window.of(2).dilation(2), 1, 1, 1), x),
        s(1, 1, 3, 2),
        s(1, 2, 2, 2));
    add(
        "Conv3d",
        x -> Tape.apply(new Convolution.Conv3d(same, 2, 1, 1, 1), x),
        s(1, 2, 4, 3, 2),
        s(2, 2, 3, 3, 3),
        s(2));
    add("Depthwise2d", x -> x[0].depthwise2d(x[1], x[2], same), s(2, 3, 4, 5), s(3, 1, 3, 3), s(3));
    add(
        "Depthwise2d channels last",
        x -> x[0].depthwise2dLast(x[1], x[2], same),
        s(2, 4, 5, 3),
        s(3, 1, 3, 3),
        s(3));
    add("Depthwise1d", x -> x[0].causalConv1d(x[1], x[2]), s(2, 3, 6), s(3, 1, 4), s(3));
    add(
        "Depthwise1d channels last",
        x -> x[0].causalConv1dLast(x[1], x[2]),
        s(2, 6, 3),
        s(3, 1, 4),
        s(3));
    for (var rule : Resample.Rule.values()) {
      add("Resize up " + rule, x -> x[0].resize(rule, 7, 5), s(2, 1, 3, 4));
      add("Resize down " + rule, x -> x[0].resize(rule, 2, 1), s(1, 2, 5, 3));
    }
    add("Resize by a factor", x -> x[0].resizeBy(Resample.Rule.BILINEAR, 1.7), s(1, 1, 3, 4));
    add("MaxPool2d", x -> x[0].maxPool2d(Window.of(3).stride(2).padding(1)), s(2, 1, 5, 6));
    add("AvgPool2d", x -> x[0].avgPool2d(Window.of(3, 2).stride(2).padding(1)), s(2, 1, 5, 6));
    add("AdaptiveAvgPool2d", x -> x[0].adaptiveAvgPool2d(2, 3), s(2, 1, 5, 7));
    add("BatchMoments", x -> x[0].batchMoments(), s(3, 2, 2));
  }

  private static Tensor batchNormInference(Tensor... x) {
    var mean = Tensor.of(new double[] {0.1, -0.3}, 2);
    var variance = Tensor.of(new double[] {0.5, 2}, 2);
    return x[0].batchNorm(x[1], x[2], mean, variance, 1e-5);
  }

  /** The names of all cases; each begins with its operation. */
  static Stream<String> names() {
    return CASES.keySet().stream();
  }

  @TestFactory
  Stream<DynamicTest> gradientsAgreeWithCentralDifferences() {
    return CASES.entrySet().stream()
        .map(
            e ->
                DynamicTest.dynamicTest(
                    e.getKey(),
                    () ->
                        GradCheck.of(e.getValue().function(), inputs(e.getValue().shapes()))
                            .requireBelow(1e-6)));
  }

  /** The second factor counts as a constant, so that the gradient is half of what it should be. */
  @Test
  void aSampleOfEachInputShowsAWrongGradient() {
    var right = inputs(List.of(s(40)))[0];
    var wrong = inputs(List.of(s(40)))[0];
    var check = GradCheck.of(x -> x[0].exp().add(x[1].mul(Tensor.of(wrong.array()))), right, wrong);
    var worst = check.sampling(3).worst();
    assertEquals(1, worst.input());
    assertTrue(worst.error() > 1e-3, worst.toString());
    assertThrows(IllegalArgumentException.class, () -> check.sampling(0));
  }

  private static Tensor[] inputs(List<long[]> shapes) {
    var random = new SplittableRandom(3);
    return shapes.stream()
        .map(shape -> Tensor.normal(random, shape).to(DataType.DOUBLE))
        .toArray(Tensor[]::new);
  }
}
