// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtException;
import antaboga.ShapeException;
import antaboga.Tensor;
import antaboga.io.OnnxRun;
import antaboga.nn.UNetConfig;
import antaboga.nn.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** ONNX Runtime against the layers themselves. */
class StudentGraphsTest {
  @TempDir Path folder;

  private static Tensor image(long... shape) {
    return Tensor.uniform(new SplittableRandom(3), shape);
  }

  // first values of 0 and 1 would hide mistakes
  private static <M> M shaken(Function<Weights, M> model) {
    var weights = Weights.init(1);
    var made = model.apply(weights);
    var random = new SplittableRandom(8);
    for (var parameter : weights.all()) {
      var noise = Tensor.normal(random, parameter.shape().toArray()).mul(0.05);
      parameter.assign(parameter.add(noise).array());
    }
    return made;
  }

  @ParameterizedTest
  @CsvSource({"32, 32, 1", "64, 96, 2"})
  void studentAgrees(int height, int width, int images) throws IOException, OrtException {
    var net = shaken(w -> new VssUNet(w, VssUNetConfig.tiny()));
    var x = image(images, 3, height, width);
    var run = OnnxRun.of(folder, net.graph(height, width), Map.of("image", x));
    run.assertGives("logits", net.forward(x));
  }

  @Test
  void otherChannelsClassesAndStatesAgree() throws IOException, OrtException {
    var config =
        VssUNetConfig.tiny()
            .withWidth(16)
            .withChannels(1, 4)
            .withState(3)
            .withDepths(List.of(1, 1, 1, 1), List.of(1, 1, 1, 1));
    var net = shaken(w -> new VssUNet(w, config)).recomputed();
    var x = image(1, 1, 32, 64);
    var run = OnnxRun.of(folder, net.graph(32, 64), Map.of("image", x));
    run.assertGives("logits", net.forward(x));
  }

  @ParameterizedTest
  @EnumSource(ScanPath.class)
  void everyPathAgrees(ScanPath path) throws IOException, OrtException {
    var config = Ss2dConfig.of(8).withState(5).withPath(path);
    agrees(config);
  }

  @ParameterizedTest
  @CsvSource({"V05, false, true, false", "V0, true, true, true", "V05, true, false, true"})
  void everyFormAgrees(Ss2dConfig.Keys keys, boolean bias, boolean convBias, boolean gate)
      throws IOException, OrtException {
    agrees(Ss2dConfig.of(20).withKeys(keys).withBias(bias, convBias).withGate(gate).withConv(5));
  }

  private void agrees(Ss2dConfig config) throws IOException, OrtException {
    var layer = shaken(w -> new Ss2d(w, config));
    var x = image(2, 3, 5, config.width());
    var run = OnnxRun.of(folder, VssUNetGraph.of(layer, 3, 5), Map.of("x", x));
    run.assertGives("y", layer.forward(x));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void ultraLightAgrees(boolean bridge) throws IOException, OrtException {
    var config = UltraLightConfig.published().withBridge(bridge);
    var net = shaken(w -> new UltraLightUNet(w, config));
    var x = image(2, 3, 64, 32);
    var run = OnnxRun.of(folder, net.graph(64, 32), Map.of("image", x));
    run.assertGives("logits", net.forward(x));
  }

  @ParameterizedTest
  @EnumSource(UNetConfig.Norm.class)
  void uMambaAgrees(UNetConfig.Norm norm) throws IOException, OrtException {
    var student = UMambaConfig.student();
    var config = new UMambaConfig(student.convolutions().withNorm(norm), 2, 3, 0.1);
    var net = shaken(w -> new UMamba(w, config));
    var x = image(2, 3, 32, 64);
    var run = OnnxRun.of(folder, net.graph(32, 64), Map.of("image", x));
    run.assertGives("logits", net.forward(x));
  }

  @Test
  void rejectsASizeThatIsNoMultipleOf32() {
    var net = new VssUNet(Weights.init(1), VssUNetConfig.tiny());
    var error = assertThrows(ShapeException.class, () -> net.graph(32, 40));
    assertTrue(String.valueOf(error.getMessage()).contains("multiples of 32"), error::toString);
    var light = new UltraLightUNet(Weights.init(1), UltraLightConfig.published());
    assertThrows(ShapeException.class, () -> light.graph(16, 32));
  }
}
