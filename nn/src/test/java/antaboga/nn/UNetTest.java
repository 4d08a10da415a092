// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.GradCheck;
import antaboga.Parameter;
import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.Tape;
import antaboga.Tensor;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class UNetTest {
  private static final UNetConfig SMALL =
      new UNetConfig(2, 1, List.of(3, 4, 5), List.of(0.0, 0.1, 0.2), UNetConfig.Norm.BATCH);

  private static Tensor image(long... shape) {
    return Tensor.uniform(new SplittableRandom(3), shape);
  }

  private static long count(UNetConfig config) {
    var weights = Weights.init(1);
    assertEquals(config, new UNet(weights, config).config());
    return weights.count();
  }

  @Test
  void hasItsParameters() {
    assertEquals(1_813_617, count(UNetConfig.ssl4mis()));
    assertEquals(1_348_435, count(UNetConfig.student()));
  }

  @Test
  void keysAreThoseOfSsl4mis() {
    var weights = Weights.init(1);
    assertEquals(2, new UNet(weights, SMALL).encode(image(1, 2, 8, 8)).get(2).size(2));
    var names = weights.all().stream().map(Parameter::name).toList();
    assertTrue(
        names.containsAll(
            List.of(
                "encoder.in_conv.conv_conv.0.weight",
                "encoder.down2.maxpool_conv.1.conv_conv.5.running_var",
                "decoder.up1.conv1x1.bias",
                "decoder.up2.conv.conv_conv.4.weight",
                "decoder.out_conv.weight")),
        names.toString());
  }

  @Test
  void showsLogitsAndFeatures() {
    var net = new UNet(Weights.init(1), SMALL);
    var x = image(2, 2, 8, 12);
    var output = net.observe(x);
    assertEquals(Shape.of(2, 1, 8, 12), output.logits().shape());
    assertArrayEquals(output.logits().toFloats(), net.decode(net.encode(x)).toFloats());
    for (var tap : net.taps()) {
      assertEquals(
          Shape.of(2, tap.channels(), 8 / tap.stride(), 12 / tap.stride()),
          output.feature(tap.name()).shape());
    }
  }

  @Test
  void gradientsAgreeWithDifferences() {
    var weights = Weights.init(1, DataType.DOUBLE);
    var net = new UNet(weights, SMALL);
    var inputs = new java.util.ArrayList<Tensor>(weights.trainable());
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
  @SuppressWarnings("try") // an open tape makes it a training pass
  void aTrainingPassMovesTheRunningStatistics() {
    var weights = Weights.init(1);
    var net = new UNet(weights, SMALL);
    var x = image(2, 2, 8, 8);
    var before = net.forward(x).toFloats();
    try (var tape = new Tape(1)) {
      assertEquals(Shape.of(2, 1, 8, 8), net.forward(x).shape());
    }
    assertTrue(Math.abs(before[5] - net.forward(x).toFloats()[5]) > 1e-6);
  }

  @Test
  void rejectsSizesThatCannotBeHalved() {
    var net = new UNet(Weights.init(1), SMALL);
    var e = assertThrows(ShapeException.class, () -> net.forward(image(1, 2, 8, 10)));
    assertTrue(e.toString().contains("multiples of 4"), e.toString());
  }
}
