// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.GradCheck;
import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.nn.Weights;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class VssUNetTest {
  private static final VssUNetConfig SMALL =
      VssUNetConfig.tiny()
          .withWidth(16)
          .withDepths(List.of(1, 1, 1, 1), List.of(1, 1, 1, 1))
          .withState(2);

  private static Tensor image(long... shape) {
    return Tensor.uniform(new SplittableRandom(3), shape);
  }

  private static long count(VssUNetConfig config) {
    var weights = Weights.init(1);
    assertEquals(config, new VssUNet(weights, config).config());
    return weights.count();
  }

  @Test
  void studentHasItsParameters() {
    assertEquals(1_344_956, count(VssUNetConfig.tiny()));
    assertEquals(1_344_316, count(VssUNetConfig.tiny().withChannels(1, 1)));
    assertEquals(1_344_962, count(VssUNetConfig.tiny().withChannels(3, 2)));
  }

  @Test
  void vmUNetHasItsParameters() {
    assertEquals(27_427_561, count(VssUNetConfig.vmUNet()));
  }

  /** How far a grey and a bright patch lie apart before the first block, per channel. */
  private static double contrast(VssUNet net) {
    var grey = net.patchEmbed().forward(Tensor.full(DataType.FLOAT, 0.5, 1, 3, 4, 4));
    var bright = net.patchEmbed().forward(Tensor.full(DataType.FLOAT, 2, 1, 3, 4, 4));
    var difference = grey.sub(bright);
    return difference.mul(difference).mean().item();
  }

  @Test
  void aStartedOneTellsGreyFromBrightAndKnowsHowRareLesionsAre() {
    var plain = new VssUNet(Weights.init(1), VssUNetConfig.tiny());
    var started = new VssUNet(Weights.init(1), VssUNetConfig.tiny()).started(0.02);
    double apart = contrast(started);
    assertTrue(apart > 4 * contrast(plain), apart + " against " + contrast(plain));

    var x = image(1, 3, 32, 32);
    double before = plain.forward(x).mean().item();
    double after = started.forward(x).mean().item();
    assertEquals(Math.log(0.02 / 0.98), after, 2, "logits around the prior, not " + before);
    for (double share : new double[] {0, 1, Double.NaN}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> new VssUNet(Weights.init(1), VssUNetConfig.tiny()).started(share));
    }
  }

  @Test
  void blocksHaveTheirParameters() {
    for (int[] expected : new int[][] {{20, 11_560}, {40, 28_560}, {80, 78_880}, {160, 247_360}}) {
      var weights = Weights.init(1);
      new VssBlock(weights, Ss2dConfig.of(expected[0]), 1e-5, 0)
          .forward(image(1, 2, 2, expected[0]));
      assertEquals(expected[1], weights.count());
    }
  }

  @Test
  void showsLogitsAndFeatures() {
    var net = new VssUNet(Weights.init(1), SMALL);
    var x = image(2, 3, 32, 64);
    var output = net.observe(x);
    assertEquals(Shape.of(2, 1, 32, 64), output.logits().shape());
    assertArrayEquals(net.forward(x).toFloats(), output.logits().toFloats());
    for (var tap : net.taps()) {
      assertEquals(
          Shape.of(2, tap.channels(), 32 / tap.stride(), 64 / tap.stride()),
          output.feature(tap.name()).shape());
    }
  }

  @Test
  void theDecoderSeesTheImageThroughTheEncodersFeaturesAlone() {
    var net = new VssUNet(Weights.init(1), SMALL);
    var x = image(2, 3, 32, 64);
    var features = net.encode(x);
    assertEquals(
        List.of(Shape.of(2, 32, 4, 8), Shape.of(2, 64, 2, 4), Shape.of(2, 128, 1, 2)),
        features.subList(0, 3).stream().map(Tensor::shape).toList());
    assertArrayEquals(net.forward(x).toFloats(), net.decode(features).toFloats());
  }

  @Test
  void gradientsAgreeWithCentralDifferencesInABlock() {
    var weights = Weights.init(1, DataType.DOUBLE);
    var block = new VssBlock(weights, Ss2dConfig.of(3).withState(2), 1e-5, 0);
    var inputs = new java.util.ArrayList<Tensor>(weights.all());
    inputs.add(0, image(2, 2, 3, 3).to(DataType.DOUBLE));
    GradCheck.of(in -> block.forward(in[0]), inputs.toArray(Tensor[]::new)).requireBelow(1e-6);
  }

  @Test
  void inputGradientAgreesWithCentralDifferencesInTheNetwork() {
    var net = new VssUNet(Weights.init(1, DataType.DOUBLE), SMALL.withDropPath(0));
    var x = image(1, 3, 32, 32).to(DataType.DOUBLE);
    var part = x.slice(2, 0, 2).slice(3, 0, 4);
    GradCheck.of(
            in -> {
              var top = Tensor.concat(3, in[0], x.slice(2, 0, 2).slice(3, 4, 32));
              return net.forward(Tensor.concat(2, top, x.slice(2, 2, 32))).mean();
            },
            part)
        .requireBelow(1e-6);
  }

  @Test
  void dropPathFollowsTheTapesSeed() {
    var net = new VssUNet(Weights.init(1), SMALL.withDropPath(0.5));
    var x = image(4, 3, 32, 32);
    assertArrayEquals(pass(net, x, 5), pass(net, x, 5));
    assertNotEquals(pass(net, x, 5)[0], net.forward(x).toFloats()[0]);
  }

  @SuppressWarnings("try") // an open tape makes it a training pass
  private static float[] pass(VssUNet net, Tensor x, long seed) {
    try (var tape = new Tape(seed)) {
      return net.forward(x).toFloats();
    }
  }

  /** Two passes of one step, features read, paths dropped: all that training does. */
  @Test
  void recomputedTrainingGivesTheSameBits() {
    var weights = Weights.init(1);
    var net = new VssUNet(weights, SMALL.withDropPath(0.5));
    var plain = gradients(net, weights);
    var recomputed = gradients(net.recomputed(), weights);
    assertEquals(plain.keySet(), recomputed.keySet());
    plain.forEach((name, values) -> assertArrayEquals(values, recomputed.get(name), name));
  }

  private static Map<String, float[]> gradients(VssUNet net, Weights weights) {
    var x = image(3, 3, 32, 64);
    var byName = new LinkedHashMap<String, float[]>();
    try (var tape = new Tape(4)) {
      var loss = net.forward(x.mul(0.9)).pow(2).mean();
      var seen = net.observe(x);
      for (var tap : net.taps()) {
        loss = loss.add(seen.feature(tap.name()).pow(2).mean());
      }
      loss = loss.add(seen.logits().mean());
      var gradients = tape.gradients(loss);
      for (var parameter : weights.trainable()) {
        byName.put(parameter.name(), gradients.of(parameter).orElseThrow().toFloats());
      }
      byName.put("loss", loss.toFloats());
    }
    return byName;
  }

  @Test
  void sameSeedGivesTheSameNetwork() {
    var x = image(1, 3, 32, 32);
    assertArrayEquals(
        new VssUNet(Weights.init(7), SMALL).forward(x).toFloats(),
        new VssUNet(Weights.init(7), SMALL).forward(x).toFloats());
  }

  @Test
  void rejectsSizesThatDoNotDivide() {
    var net = new VssUNet(Weights.init(1), SMALL);
    var message =
        assertThrows(ShapeException.class, () -> net.forward(image(1, 3, 48, 64))).getMessage();
    assertEquals(
        "VssUNet: image has shape (1, 3, 48, 64), expected height and width to be multiples of 32",
        message);
    assertThrows(ShapeException.class, () -> net.forward(image(1, 1, 64, 64)));
  }

  @Test
  void oddRowsAndColumnsAreDroppedWhenMerging() {
    var merge = new PatchMerge(Weights.init(1), 4);
    var x = image(1, 5, 7, 4);
    assertArrayEquals(
        merge.forward(x.slice(1, 0, 4).slice(2, 0, 6)).toFloats(), merge.forward(x).toFloats());
  }
}
