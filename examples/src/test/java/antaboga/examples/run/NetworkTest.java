// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.nn.Segmenter;
import antaboga.nn.Weights;
import antaboga.nn.loss.BinaryCrossEntropy;
import antaboga.nn.optim.AdamW;
import antaboga.ops.Reduction;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NetworkTest {
  private static final Map<Network, Long> PARAMETERS =
      Map.of(
          Network.VSS_UNET_TINY, 1_344_956L,
          Network.LIGHT_M_UNET, 1_342_948L,
          Network.ULTRALIGHT_VM_UNET, 49_457L,
          Network.VM_UNET, 27_427_561L,
          Network.U_MAMBA, 1_337_577L,
          Network.U_NET, 1_348_435L);

  @ParameterizedTest
  @EnumSource
  void isWhatItsNameSays(Network network) {
    assertEquals(Optional.of(network), Network.named(network.toString()));
    var weights = Weights.init(1);
    var net = network.build(weights);
    assertEquals(PARAMETERS.get(network), weights.count());
    var taps = net.taps().stream().map(Segmenter.Tap::name).toList();
    assertTrue(taps.containsAll(network.allTaps()), taps.toString());
  }

  /** A few steps on one batch: every gradient is finite and reaches its parameter. */
  @ParameterizedTest
  @EnumSource
  void learns(Network network) {
    var weights = Weights.init(1);
    var net = network.build(weights);
    var optimizer = new AdamW(AdamW.Config.of(1e-3), weights.trainable());
    var image = Tensor.uniform(new SplittableRandom(1), 2, 3, 32, 32);
    var mask = image.slice(1, 0, 1).add(-0.5).mul(1e6).sigmoid();
    var losses = new ArrayList<Double>();
    for (int step = 0; step < 6; step++) {
      try (var tape = new Tape(step)) {
        var seen = net.observe(image);
        var loss = new BinaryCrossEntropy().of(seen.logits(), mask);
        for (var tap : net.taps()) { // as distillation does, which looks at all of them
          loss = loss.add(seen.feature(tap.name()).pow(2).mean().mul(1e-6));
        }
        var gradients = tape.gradients(loss);
        for (var parameter : weights.trainable()) {
          var gradient = gradients.of(parameter);
          assertTrue(
              gradient.isPresent() && Reduction.isFinite(gradient.get().array()), parameter.name());
        }
        optimizer.step(gradients, 1e-3);
        losses.add(loss.item());
      }
    }
    assertTrue(losses.get(5) < losses.get(0), losses.toString());
  }

  /** Those of docs/method.md, which adds up products and scan. */
  @Test
  void costsAreThoseOfTheMethod() {
    var a = ModelCosts.student(Network.VSS_UNET_TINY, 256);
    var b = ModelCosts.student(Network.LIGHT_M_UNET, 256);
    assertEquals(0.94, (a.products() + a.scan()) * 1e-9, 0.005);
    assertEquals(5.65, (b.products() + b.scan()) * 1e-9, 0.03);
    assertEquals(67, a.scan() / 9e6, 0.5);
    assertEquals(260, b.scan() / 9e6, 0.5);
    for (var network : Network.values()) {
      var costs = ModelCosts.student(network, 256);
      assertEquals(PARAMETERS.get(network), costs.parameters());
      assertTrue(costs.blocks().size() > 10, costs.table());
    }
    assertEquals(List.of("convInit", "down_layers.0.1"), names(b).subList(0, 2));
  }

  private static List<String> names(ModelCosts costs) {
    return costs.blocks().stream().map(ModelCosts.Block::name).toList();
  }
}
