// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.Parameter;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.golden.Check;
import antaboga.golden.GoldenCase;
import antaboga.golden.GoldenRunner;
import antaboga.nn.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Convolution and block against causal_conv1d and mamba_ssm. */
final class BlockCases {
  private BlockCases() {}

  static void claim(GoldenRunner runner) {
    runner.claim("causal_conv1d_ref", BlockCases::convolution);
    runner.claim("Mamba\\.forward", BlockCases::block);
  }

  /** Channels first and a weight (D, K) there, channels last and (D, 1, K) here. */
  private static void convolution(GoldenCase golden, Check check) {
    try (var tape = new Tape(0)) {
      var inputs = golden.inputs();
      var w = inputs.get("weight");
      var weight = new Parameter("dweight", w.reshape(w.size(0), 1, w.size(1)), true);
      var bias =
          inputs.has("bias")
              ? Optional.of(new Parameter("dbias", inputs.get("bias"), true))
              : Optional.<Parameter>empty();
      var layer = new CausalConv1d(weight, bias);
      var in = new Leaves(tape, golden, List.of());
      var x = in.input("x").permute(0, 2, 1);
      long before = layer.taps() - 1;
      var start =
          in.optional("initial_states")
              .map(s -> s.permute(0, 2, 1))
              .orElseGet(() -> Tensor.zeros(x.type(), x.size(0), before, x.size(2)));
      var continued = layer.forward(x, start);
      boolean silu = "silu".equals(golden.params().path("activation").asText());
      var y = (silu ? continued.y().silu() : continued.y()).permute(0, 2, 1);
      check.output("out", y.array());
      check.output("final_states", continued.states().permute(0, 2, 1).array());
      if (!in.optional("initial_states").isPresent()) {
        var plain = layer.forward(x);
        check.output("out", (silu ? plain.silu() : plain).permute(0, 2, 1).array());
      }
      var gradients = tape.gradients(y, Tensor.of(golden.upstream().get("grad_out")));
      for (var name : golden.grads().names()) {
        var leaf =
            switch (name) {
              case "dweight" -> weight;
              case "dbias" -> bias.orElseThrow();
              default -> in.input(name.substring(1));
            };
        var gradient = gradients.of(leaf).orElseThrow().array();
        check.grad(name, name.equals("dweight") ? gradient.reshape(w.shape()) : gradient);
      }
    }
  }

  private static void block(GoldenCase golden, Check check) {
    var p = golden.params();
    var usual = MambaConfig.of(p.get("d_model").asInt());
    var config =
        usual
            .withState(p.path("d_state").asInt(usual.state()))
            .withConv(p.path("d_conv").asInt(usual.conv()))
            .withExpand(p.path("expand").asInt(usual.expand()))
            .withDeltaRank(p.path("dt_rank").asInt(usual.deltaRank()))
            .withBias(p.path("bias").asBoolean(false), p.path("conv_bias").asBoolean(true));
    var weights = Weights.from(golden.weights().all());
    var block = new MambaBlock(weights, config);
    weights.requireAllUsed();
    check.number("params", (double) weights.count(), p.get("params").asDouble());
    try (var tape = new Tape(0)) {
      var in = new Leaves(tape, golden, weights.all());
      var y = block.forward(in.input("x"));
      check.output("out", y.array());
      in.compare(
          tape.gradients(y, Tensor.of(golden.upstream().get("grad_out"))),
          golden.grads(),
          check::grad);
    }
    var x = Tensor.of(golden.input("x"));
    var state = block.start(x.size(0));
    var steps = new ArrayList<Tensor>();
    for (int t = 0; t < x.size(1); t++) {
      var step = block.step(x.index(1, t), state);
      steps.add(step.y().reshape(x.size(0), 1, x.size(2)));
      state = step.state();
    }
    check.output("step_out", Tensor.concat(1, steps).array());
    check.output("conv_state_end", state.conv().array());
    check.output("ssm_state_end", state.ssm().array());
  }
}
