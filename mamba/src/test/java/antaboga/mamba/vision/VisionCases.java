// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.golden.Check;
import antaboga.golden.GoldenCase;
import antaboga.golden.GoldenRunner;
import antaboga.mamba.Leaves;
import antaboga.nn.Layer;
import antaboga.nn.Weights;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.stream.StreamSupport;

/** Layers over images, and VM-UNet, against VMamba and VM-UNet. */
public final class VisionCases {
  /** VMamba's numbers of the orders. */
  private static final List<ScanPath> SCANS =
      List.of(ScanPath.CROSS, ScanPath.UNIDIRECTIONAL, ScanPath.BIDIRECTIONAL, ScanPath.ROTATED);

  private VisionCases() {}

  /** Claims the cases of the section ss2d, but for UltraLight's. */
  public static void claim(GoldenRunner runner) {
    runner.claim("CrossScanF / CrossMergeF.*", VisionCases::crossScan);
    claimLayer(runner, "SS2D\\.forward.*", (w, c) -> new Ss2d(w, ss2d(c.params())));
    claimLayer(runner, "VSSBlock\\.forward.*", VisionCases::vssBlock);
    claimLayer(runner, "PatchMerging2D", (w, c) -> new PatchMerge(w, c.input("x").size(3)));
    claimLayer(runner, "PatchExpand2D.*", (w, c) -> expand(w, c, 2));
    claimLayer(runner, "Final_PatchExpand2D.*", (w, c) -> expand(w, c, scale(c)));
    claimLayer(runner, "VMamba VSSBlock.*", VisionCases::vmambaBlock);
    runner.claim("VSSM \\(VM-UNet\\).*", VisionCases::vmUNet);
  }

  private interface Build {
    Layer layer(Weights weights, GoldenCase golden);
  }

  /** A layer with one input and one output. */
  private static void claimLayer(GoldenRunner runner, String function, Build build) {
    runner.claim(
        function,
        (golden, check) -> {
          var weights = Weights.from(golden.weights().all());
          var layer = build.layer(weights, golden);
          weights.requireAllUsed();
          check.number(
              "param_count",
              (double) weights.count(),
              golden.params().get("param_count").asDouble());
          try (var tape = new Tape(0)) {
            var in = new Leaves(tape, golden, weights.all());
            var y = layer.forward(in.input("x"));
            check.output("out", y.array());
            var upstream = Tensor.of(golden.upstream().get("gout"));
            in.compare(tape.gradients(y, upstream), golden.grads(), check::grad);
          }
        });
  }

  private static void crossScan(GoldenCase golden, Check check) {
    var path = SCANS.get(golden.params().get("scans").asInt());
    var x = Tensor.of(golden.input("x"));
    var y = Tensor.of(golden.input("y"));
    int height = Math.toIntExact(x.size(2));
    int width = Math.toIntExact(x.size(3));
    check.output("scan", CrossScan.scan(path, x).array());
    var sequences = y.reshape(y.size(0), y.size(1), y.size(2), -1);
    var merged = CrossScan.merge(path, sequences, height, width);
    check.output("merge", merged.reshape(x.size(0), x.size(1), -1).array());
  }

  private static Ss2dConfig ss2d(JsonNode p) {
    int width = p.get("d_model").asInt();
    var usual = Ss2dConfig.of(width);
    return usual
        .withInner((int) (width * p.path("expand").asDouble(2)))
        .withState(p.path("d_state").asInt(usual.state()))
        .withDeltaRank(p.path("dt_rank").asInt(usual.deltaRank()))
        .withConv(p.path("d_conv").asInt(usual.conv()))
        .withBias(p.path("bias").asBoolean(false), p.path("conv_bias").asBoolean(true));
  }

  private static VssBlock vssBlock(Weights w, GoldenCase golden) {
    var p = golden.params();
    var config = Ss2dConfig.of(p.get("hidden_dim").asInt());
    return new VssBlock(
        w,
        config.withState(p.path("d_state").asInt(config.state())),
        p.path("ln_eps").asDouble(1e-6),
        0);
  }

  private static PatchExpand expand(Weights w, GoldenCase golden, int scale) {
    long out = golden.group("outputs").get("out").size(3);
    return new PatchExpand(w, golden.input("x").size(3), out, scale);
  }

  private static int scale(GoldenCase golden) {
    var text = golden.function().replaceAll(".*dim_scale=(\\d+).*", "$1");
    return golden.params().path("dim_scale").asInt(Integer.parseInt(text));
  }

  /** Options as VMamba's constructor names them; dt_rank "auto" is width / 16 rounded up. */
  private static VmambaBlock vmambaBlock(Weights w, GoldenCase golden) {
    var p = golden.params();
    int width = p.get("hidden_dim").asInt();
    var usual = Ss2dConfig.of(width);
    var type = p.get("forward_type").asText();
    var config =
        usual
            .withInner((int) (width * p.path("ssm_ratio").asDouble(2)))
            .withState(p.path("ssm_d_state").asInt(usual.state()))
            .withDeltaRank(p.path("ssm_dt_rank").asInt(usual.deltaRank()))
            .withConv(p.path("ssm_conv").asInt(usual.conv()))
            .withBias(false, p.path("ssm_conv_bias").asBoolean(true))
            .withGate(!type.endsWith("_noz"))
            .withKeys(type.equals("v0") ? Ss2dConfig.Keys.V0 : Ss2dConfig.Keys.V05);
    int hidden = (int) (width * p.path("mlp_ratio").asDouble(4));
    return new VmambaBlock(w, config, hidden, 0, p.path("channel_first").asBoolean(false));
  }

  private static void vmUNet(GoldenCase golden, Check check) {
    var p = golden.params();
    var config =
        VssUNetConfig.vmUNet()
            .withChannels(p.get("in_chans").asInt(), p.get("num_classes").asInt())
            .withWidth(p.get("dims").get(0).asInt())
            .withDepths(integers(p.get("depths")), integers(p.get("depths_decoder")))
            .withState(p.get("d_state").asInt())
            .withDropPath(p.get("drop_path_rate").asDouble());
    var weights = Weights.from(golden.state("state_dict"));
    var net = new VssUNet(weights, config);
    weights.requireAllUsed();
    check.number("param_count", (double) weights.count(), p.get("param_count").asDouble());
    try (var tape = new Tape(0)) {
      var in = new Leaves(tape, golden, weights.all());
      var y = net.forward(in.input("x"));
      check.output("out", y.array());
      var gradients = tape.gradients(y, Tensor.of(golden.upstream().get("gout")));
      in.compare(gradients, golden.grads(), check::grad);
      check.state("grads", Leaves.of(gradients, weights.all()));
    }
  }

  private static List<Integer> integers(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false).map(JsonNode::asInt).toList();
  }
}
