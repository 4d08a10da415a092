// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import antaboga.GradCheck;
import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.Tensor;
import antaboga.nn.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class UltraLightUNetTest {
  private static final UltraLightConfig PUBLISHED = UltraLightConfig.published();

  private static Tensor image(long... shape) {
    return Tensor.uniform(new SplittableRandom(3), shape);
  }

  private static long count(UltraLightConfig config) {
    var weights = Weights.init(1);
    assertEquals(config, new UltraLightUNet(weights, config).config());
    return weights.count();
  }

  @Test
  void hasItsParameters() {
    assertEquals(49_457, count(PUBLISHED));
    assertEquals(32_843, count(PUBLISHED.withBridge(false)));
  }

  @Test
  void showsLogitsAndFeatures() {
    var net = new UltraLightUNet(Weights.init(1), PUBLISHED);
    var x = image(2, 3, 64, 32);
    var output = net.observe(x);
    assertEquals(Shape.of(2, 1, 64, 32), output.logits().shape());
    assertArrayEquals(net.forward(x).toFloats(), output.logits().toFloats());
    for (var tap : net.taps()) {
      assertEquals(
          Shape.of(2, tap.channels(), 64 / tap.stride(), 32 / tap.stride()),
          output.feature(tap.name()).shape());
    }
  }

  @Test
  void pvmLayerHasGradients() {
    var weights = Weights.init(1, DataType.DOUBLE);
    var layer = new PvmLayer(weights, 8, 3);
    var inputs = new ArrayList<Tensor>(weights.all());
    inputs.add(0, image(2, 8, 2, 2).to(DataType.DOUBLE));
    GradCheck.of(in -> layer.forward(in[0]), inputs.toArray(Tensor[]::new)).requireBelow(1e-6);
  }

  @Test
  void bridgeHasGradients() {
    var weights = Weights.init(1, DataType.DOUBLE);
    var bridge = new AttentionBridge(weights, List.of(2, 3), false);
    var inputs = new ArrayList<Tensor>();
    inputs.add(image(2, 2, 4, 4).to(DataType.DOUBLE));
    inputs.add(image(2, 3, 2, 2).to(DataType.DOUBLE));
    inputs.addAll(weights.all());
    GradCheck.of(
            in -> {
              var out = bridge.forward(List.of(in[0], in[1]));
              return Tensor.concat(0, out.get(0).reshape(-1), out.get(1).reshape(-1));
            },
            inputs.toArray(Tensor[]::new))
        .requireBelow(1e-6);
  }

  @Test
  void rejectsSizesThatDoNotDivide() {
    var net = new UltraLightUNet(Weights.init(1), PUBLISHED);
    assertThrows(ShapeException.class, () -> net.forward(image(1, 3, 40, 64)));
    assertThrows(IllegalArgumentException.class, () -> PUBLISHED.withWidths(List.of(8, 16)));
  }
}
