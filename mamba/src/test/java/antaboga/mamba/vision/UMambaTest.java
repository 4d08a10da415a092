// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.GradCheck;
import antaboga.Parameter;
import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.Tensor;
import antaboga.nn.UNetConfig;
import antaboga.nn.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class UMambaTest {
  private static final UMambaConfig SMALL =
      new UMambaConfig(
          new UNetConfig(2, 1, List.of(3, 4, 6), List.of(0.0, 0.1, 0.2), UNetConfig.Norm.INSTANCE),
          2,
          3,
          0);

  private static Tensor image(long... shape) {
    return Tensor.uniform(new SplittableRandom(3), shape);
  }

  @Test
  void studentHasItsParameters() {
    var weights = Weights.init(1);
    assertEquals(UMambaConfig.student(), new UMamba(weights, UMambaConfig.student()).config());
    assertEquals(1_337_577, weights.count());
  }

  @Test
  void coarsestStagesAreScanned() {
    var weights = Weights.init(1);
    assertEquals(3, new UMamba(weights, SMALL).taps().size());
    var names = weights.all().stream().map(Parameter::name).toList();
    assertTrue(names.contains("encoder.vss.1.self_attention.A_logs"), names.toString());
    assertTrue(names.contains("encoder.vss.2.ln_1.weight"), names.toString());
    assertTrue(names.contains("encoder.down2.maxpool_conv.1.conv_conv.5.weight"));
    assertFalse(names.contains("encoder.vss.0.ln_1.weight"));
    assertFalse(names.contains("encoder.in_conv.conv_conv.1.running_mean"));
  }

  @Test
  void showsLogitsAndFeatures() {
    var net = new UMamba(Weights.init(1), SMALL);
    var output = net.observe(image(2, 2, 8, 12));
    assertEquals(Shape.of(2, 1, 8, 12), output.logits().shape());
    assertArrayEquals(
        output.logits().toFloats(), net.decode(net.encode(image(2, 2, 8, 12))).toFloats());
    for (var tap : net.taps()) {
      assertEquals(
          Shape.of(2, tap.channels(), 8 / tap.stride(), 12 / tap.stride()),
          output.feature(tap.name()).shape());
    }
  }

  @Test
  void imagesOfABatchDoNotMeet() {
    var net = new UMamba(Weights.init(1), SMALL);
    var both = image(2, 2, 8, 8);
    var alone = net.forward(both.slice(0, 1, 2)).toFloats();
    var second = net.forward(both).slice(0, 1, 2).toFloats();
    assertArrayEquals(alone, second, 1e-6f);
  }

  @Test
  void gradientsAgreeWithDifferences() {
    var weights = Weights.init(1, DataType.DOUBLE);
    var net = new UMamba(weights, SMALL);
    var inputs = new ArrayList<Tensor>(weights.trainable());
    inputs.removeIf(p -> biasBeforeNorm(((Parameter) p).name()));
    inputs.add(0, image(2, 2, 8, 8).to(DataType.DOUBLE));
    GradCheck.of(in -> net.forward(in[0]), inputs.toArray(Tensor[]::new))
        .sampling(12)
        .requireBelow(1e-6);
  }

  /** The norm takes it off again, so its gradient is 0 but for rounding. */
  private static boolean biasBeforeNorm(String name) {
    return name.endsWith("conv_conv.0.bias") || name.endsWith("conv_conv.4.bias");
  }

  @Test
  void rejectsWhatDoesNotFit() {
    var net = new UMamba(Weights.init(1), SMALL);
    assertThrows(ShapeException.class, () -> net.forward(image(1, 2, 8, 10)));
    assertThrows(ShapeException.class, () -> net.graph(8, 10));
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> new UMambaConfig(SMALL.convolutions(), 4, 16, 0));
    assertTrue(String.valueOf(e.getMessage()).contains("0 to 3 stages"), e::toString);
  }
}
