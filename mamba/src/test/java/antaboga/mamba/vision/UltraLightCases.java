// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.golden.Check;
import antaboga.golden.GoldenCase;
import antaboga.golden.GoldenRunner;
import antaboga.mamba.Leaves;
import antaboga.nn.Weights;
import antaboga.nn.loss.Dice;
import antaboga.nn.loss.ProbabilityCrossEntropy;
import antaboga.nn.optim.AdamW;
import antaboga.nn.optim.Schedule;
import antaboga.ops.Resample;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.nd4j.linalg.api.ndarray.INDArray;

/** UltraLight VM-UNet, its layers and its training, against the published code. */
public final class UltraLightCases {
  private UltraLightCases() {}

  /** Claims UltraLight's cases of the section ss2d. */
  public static void claim(GoldenRunner runner) {
    runner.claim("PVMLayer.*", UltraLightCases::layer);
    runner.claim("SC_Att_Bridge.*", UltraLightCases::bridge);
    runner.claim("UltraLight_VM_UNet\\(\\)\\.forward.*", UltraLightCases::network);
    runner.claim("UltraLight_VM_UNet intermediate.*", UltraLightCases::trace);
    runner.claim("UltraLight_VM_UNet at a larger size.*", UltraLightCases::larger);
    runner.claim("\\d+ steps: BceDiceLoss.*", UltraLightCases::training);
  }

  private static void layer(GoldenCase golden, Check check) {
    var p = golden.params();
    var weights = Weights.from(golden.weights().all());
    var layer = new PvmLayer(weights, p.get("input_dim").asInt(), p.get("output_dim").asInt());
    weights.requireAllUsed();
    check.number("param_count", (double) weights.count(), p.get("param_count").asDouble());
    try (var tape = new Tape(0)) {
      var in = new Leaves(tape, golden, weights.all());
      var y = layer.forward(in.input("x"));
      check.output("out", y.array());
      var upstream = Tensor.of(golden.upstream().get("gout"));
      in.compare(
          tape.gradients(y, upstream),
          golden.grads(),
          (name, gradient) -> {
            if (name.startsWith("mamba.dt_proj.")) {
              check.loosely(
                  "grads",
                  name,
                  gradient,
                  2,
                  "of long sums that cancel: the scalar form of any one layer before them, be it"
                      + " norm, convolution, SiLU or scan, moves them by as much as the tolerance");
            } else {
              check.grad(name, gradient);
            }
          });
    }
  }

  private static void bridge(GoldenCase golden, Check check) {
    var p = golden.params();
    var all = integers(p.get("c_list"));
    var channels = all.subList(0, all.size() - 1); // the last stage has no skip
    var weights = Weights.from(golden.weights().all());
    var bridge = new AttentionBridge(weights, channels, p.get("split_att").asText().equals("conv"));
    weights.requireAllUsed();
    check.number("param_count", (double) weights.count(), p.get("param_count").asDouble());
    try (var tape = new Tape(0)) {
      var in = new Leaves(tape, golden, weights.all());
      var scales =
          IntStream.rangeClosed(1, channels.size()).mapToObj(i -> in.input("t" + i)).toList();
      var out = bridge.forward(scales);
      var loss = new ArrayList<Tensor>();
      for (int i = 0; i < out.size(); i++) {
        check.output("out" + i, out.get(i).array());
        loss.add(out.get(i).mul(Tensor.of(golden.upstream().get("gout" + i))).sum().reshape(1));
      }
      var gradients = tape.gradients(Tensor.concat(0, loss).sum());
      in.compare(gradients, golden.grads(), check::grad);
    }
  }

  private static UltraLightUNet build(Weights weights, JsonNode p) {
    var config =
        UltraLightConfig.published()
            .withChannels(p.path("input_channels").asInt(3), p.get("num_classes").asInt())
            .withWidths(integers(p.get("c_list")))
            .withBridge(p.get("bridge").asBoolean());
    var net = new UltraLightUNet(weights, config, p.get("split_att").asText().equals("conv"));
    weights.requireAllUsed();
    return net;
  }

  private static void network(GoldenCase golden, Check check) {
    var weights = Weights.from(golden.state("state_dict"));
    var net = build(weights, golden.params());
    check.number(
        "param_count", (double) weights.count(), golden.params().get("param_count").asDouble());
    try (var tape = new Tape(0)) {
      var in = new Leaves(tape, golden, weights.all());
      var y = net.forward(in.input("x")).sigmoid();
      check.output("out", y.array());
      var gradients = tape.gradients(y, Tensor.of(golden.upstream().get("gout")));
      in.compare(gradients, golden.grads(), check::grad);
      check.state("grads", Leaves.of(gradients, weights.all()));
    }
  }

  private static GoldenCase owner(GoldenCase golden) {
    return golden.other(golden.params().get("weights_of").asText());
  }

  private static void trace(GoldenCase golden, Check check) {
    var owner = owner(golden);
    var net = build(Weights.from(owner.state("state_dict")), owner.params());
    var seen = net.pass(Tensor.of(golden.input("x")));
    for (var name : golden.outputs().names()) {
      check.output(
          name, (name.equals("out") ? seen.at("logits").sigmoid() : seen.at(name)).array());
    }
  }

  /** Every second pixel of the output is kept. */
  private static void larger(GoldenCase golden, Check check) {
    var owner = owner(golden);
    var net = build(Weights.from(owner.state("state_dict")), owner.params());
    var y = net.forward(Tensor.of(golden.input("x"))).sigmoid();
    var shape = golden.outputs().array("out_sub").shape();
    var half =
        y.resize(Resample.Rule.NEAREST, Math.toIntExact(shape[2]), Math.toIntExact(shape[3]));
    check.output("out_sub", half.array());
  }

  private static void training(GoldenCase golden, Check check) {
    var text = golden.function();
    var owner = owner(golden);
    var weights = Weights.from(owner.state("state_dict"));
    var net = build(weights, owner.params());
    double rate = number(text, "AdamW\\(([^,]+),");
    var optimizer =
        new AdamW(AdamW.Config.of(rate).withDecay(number(text, "wd ([^)]+)\\)")), weights.all());
    var schedule =
        Schedule.cosineWave(
            rate, (long) number(text, "T_max=(\\d+)"), number(text, "eta_min=([^)]+)\\)"));
    var loss =
        new ProbabilityCrossEntropy()
            .times(number(text, "wb=([^,]+),"))
            .plus(Dice.probabilities().smoothed(1, 1).times(number(text, "wd=([^)]+)\\)")));
    int steps = (int) number(text, "^(\\d+) steps");
    var x = Tensor.of(golden.input("x"));
    var gt = Tensor.of(golden.input("gt"));
    var losses = new double[steps];
    var rates = new double[steps];
    for (int step = 0; step < steps; step++) {
      try (var tape = new Tape(step)) {
        var value = loss.of(net.forward(x).sigmoid(), gt);
        losses[step] = value.item();
        rates[step] = schedule.rate(step);
        optimizer.step(tape.gradients(value), rates[step]);
      }
    }
    check.output("losses", array(losses, steps));
    check.output("lrs", array(rates, steps));
    check.stateLoosely(
        "params_after",
        weights.arrays(),
        10,
        "Adam divides by the gradient's own size: where a gradient is mere float noise, the weight"
            + " moves by a share of the rate, 1e-3; in double we are within 6e-6 of the reference");
  }

  private static INDArray array(double[] values, int length) {
    return Tensor.of(values, length).array();
  }

  private static double number(String text, String pattern) {
    var matcher = Pattern.compile(pattern).matcher(text);
    if (!matcher.find()) {
      throw new IllegalArgumentException(pattern + " in " + text);
    }
    return Double.parseDouble(matcher.group(1));
  }

  private static List<Integer> integers(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false).map(JsonNode::asInt).toList();
  }
}
