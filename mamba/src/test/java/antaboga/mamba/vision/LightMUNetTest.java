// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

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
import antaboga.nn.Segmenter;
import antaboga.nn.Weights;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class LightMUNetTest {
  private static final LightMUNetConfig STUDENT = LightMUNetConfig.student();
  private static final LightMUNetConfig SMALL =
      STUDENT.withWidth(8).withDepths(List.of(1, 1), List.of(1)).withState(2);

  private static Tensor image(long... shape) {
    return Tensor.uniform(new SplittableRandom(3), shape);
  }

  private static long count(LightMUNetConfig config) {
    var weights = Weights.init(1);
    assertEquals(config, new LightMUNet(weights, config).config());
    return weights.count();
  }

  @Test
  void studentHasItsParameters() {
    assertEquals(1_342_948, count(STUDENT));
    assertEquals(1_342_915, count(STUDENT.withChannels(1, 2)));
  }

  @Test
  void layersHaveTheirParameters() {
    for (int[] expected : new int[][] {{16, 3_665}, {32, 11_041}, {64, 36_929}, {128, 133_249}}) {
      var weights = Weights.init(1);
      int width = expected[0];
      var y = new MambaLayer(weights, width, width, 16).forward(image(1, width, 2, 3));
      assertEquals(Shape.of(1, width, 2, 3), y.shape());
      assertEquals(expected[1], weights.count());
    }
  }

  @Test
  void keysAreThoseOfTheReleasedCode() {
    var weights = Weights.init(1);
    new LightMUNet(weights, STUDENT).taps();
    var names = new HashSet<>(weights.all().stream().map(Parameter::name).toList());
    for (var name :
        List.of(
            "convInit.0.conv.weight",
            "convInit.1.conv.weight",
            "down_layers.0.1.norm1.weight",
            "down_layers.0.1.conv2.skip_scale",
            "down_layers.1.0.0.mamba.A_log",
            "down_layers.3.0.0.proj.bias",
            "down_layers.3.4.conv1.mamba.dt_proj.weight",
            "up_samples.0.0.conv.weight",
            "up_layers.2.0.conv.0.conv.weight",
            "up_layers.2.0.conv.1.conv.weight",
            "up_layers.2.0.skip_scale",
            "conv_final.0.bias",
            "conv_final.2.0.conv.bias",
            "conv_final.2.1.conv.weight")) {
      assertTrue(names.contains(name), name);
    }
    assertTrue(names.stream().noneMatch(name -> name.startsWith("down_layers.0.0")));
  }

  @Test
  void showsLogitsAndFeatures() {
    var net = new LightMUNet(Weights.init(1), STUDENT);
    var x = image(2, 3, 16, 8);
    var output = net.observe(x);
    assertEquals(Shape.of(2, 1, 16, 8), output.logits().shape());
    assertEquals(
        List.of("enc2", "enc3", "dec0"), net.taps().stream().map(Segmenter.Tap::name).toList());
    for (var tap : net.taps()) {
      assertEquals(
          Shape.of(2, tap.channels(), 16 / tap.stride(), 8 / tap.stride()),
          output.feature(tap.name()).shape());
    }
  }

  @Test
  void gradientsAgreeWithCentralDifferencesInALayer() {
    var weights = Weights.init(1, DataType.DOUBLE);
    var layer = new MambaLayer(weights, 4, 3, 2);
    var inputs = new ArrayList<Tensor>(weights.all());
    inputs.add(0, image(2, 4, 2, 3).to(DataType.DOUBLE));
    GradCheck.of(in -> layer.forward(in[0]), inputs.toArray(Tensor[]::new)).requireBelow(1e-6);
  }

  @Test
  void gradientsAgreeWithCentralDifferencesInTheNetwork() {
    var weights = Weights.init(1, DataType.DOUBLE);
    var net = new LightMUNet(weights, SMALL);
    var inputs =
        new ArrayList<Tensor>(
            weights.all().stream().filter(p -> p.shape().elements() <= 32).toList());
    inputs.add(0, image(1, 3, 4, 2).to(DataType.DOUBLE));
    GradCheck.of(in -> net.forward(in[0]), inputs.toArray(Tensor[]::new))
        .sampling(8)
        .requireBelow(1e-6);
  }

  @Test
  void everyParameterGetsAGradient() {
    var weights = Weights.init(1);
    var net = new LightMUNet(weights, STUDENT);
    try (var tape = new Tape(1)) {
      var gradients = tape.gradients(net.forward(image(1, 3, 8, 8)).pow(2).mean());
      for (var parameter : weights.all()) {
        assertTrue(gradients.of(parameter).isPresent(), parameter.name());
      }
    }
  }

  @Test
  void aReloadedNetworkGivesTheSameBits() {
    var weights = Weights.init(7);
    var net = new LightMUNet(weights, SMALL);
    var copy = Weights.from(weights.arrays());
    var again = new LightMUNet(copy, SMALL);
    copy.requireAllUsed();
    var x = image(1, 3, 6, 4);
    assertArrayEquals(net.forward(x).toFloats(), again.forward(x).toFloats());
  }

  @Test
  void rejectsSizesThatDoNotDivide() {
    var net = new LightMUNet(Weights.init(1), STUDENT);
    var message =
        assertThrows(ShapeException.class, () -> net.forward(image(1, 3, 12, 16))).getMessage();
    assertEquals(
        "LightMUNet: image has shape (1, 3, 12, 16), expected height and width to be multiples of"
            + " 8",
        message);
    assertThrows(IllegalArgumentException.class, () -> STUDENT.withWidth(12));
    assertThrows(IllegalArgumentException.class, () -> STUDENT.withDepths(List.of(1), List.of()));
  }
}
