// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.GradCheck;
import antaboga.Parameter;
import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.Window;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class LayerTest {
  private record Case(Function<Weights, Layer> layer, Shape shape) {
    Case(Function<Weights, Layer> layer, long... sizes) {
      this(layer, Shape.of(sizes));
    }
  }

  @TestFactory
  Stream<DynamicTest> gradientsAgreeWithDifferences() {
    var cases = new LinkedHashMap<String, Case>();
    cases.put("LayerNorm", new Case(w -> new LayerNorm(w, 5, 1e-6), 2, 3, 5));
    cases.put("LayerNorm2d", new Case(w -> new LayerNorm2d(w, 3), 2, 3, 2, 2));
    cases.put("GroupNorm", new Case(w -> new GroupNorm(w, 2, 4), 2, 4, 3, 1));
    cases.put("InstanceNorm", new Case(w -> new InstanceNorm(), 2, 3, 2, 3));
    cases.put("RmsNorm", new Case(w -> new RmsNorm(w, 5, 1e-6), 3, 5));
    cases.put("BatchNorm2d", new Case(w -> new BatchNorm2d(w, 3), 2, 3, 2, 2));
    cases.put(
        "Conv2d",
        new Case(w -> new Conv2d(w, 2, 3, Window.of(3).stride(2).padding(1)), 2, 2, 4, 5));
    cases.put(
        "Conv2d in groups", new Case(w -> new Conv2d(w, 4, 2, Window.of(2), 2, false), 1, 4, 3, 3));
    cases.put(
        "ConvTranspose2d",
        new Case(w -> new ConvTranspose2d(w, 2, 3, Window.of(2).stride(2)), 1, 2, 2, 3));
    cases.put("Mlp", new Case(w -> new Mlp(w, 3, 5), 2, 3));
    cases.put("Dropout", new Case(w -> new Dropout(0.5), 3, 4));
    cases.put("Dropout of channels", new Case(w -> Dropout.ofChannels(0.5), 3, 4, 2));
    cases.put("DropPath", new Case(w -> new DropPath(0.5), 4, 3));
    cases.put("MultiheadAttention", new Case(w -> new MultiheadAttention(w, 6, 2), 2, 3, 6));
    cases.put("Activation", new Case(w -> Activation.SILU.then(Activation.leakyRelu(0.1)), 7));
    cases.put(
        "Sequential",
        new Case(
            w -> Sequential.of(new Linear(w.at(0), 3, 4), Activation.TANH, Activation.GELU), 2, 3));
    return cases.entrySet().stream()
        .map(e -> DynamicTest.dynamicTest(e.getKey(), () -> check(e.getValue())));
  }

  private static void check(Case c) {
    var weights = Weights.init(3, DataType.DOUBLE);
    var layer = c.layer.apply(weights);
    var inputs = new ArrayList<Tensor>();
    inputs.add(Tensor.normal(new SplittableRandom(5), c.shape.toArray()).to(DataType.DOUBLE));
    inputs.addAll(weights.trainable());
    GradCheck.of(in -> layer.forward(in[0]), inputs.toArray(Tensor[]::new)).requireBelow(1e-6);
  }

  @Test
  void embeddingAddsTheGradientsOfARow() {
    var weights = Weights.init(1, DataType.DOUBLE);
    var layer = new Embedding(weights, 4, 3);
    var rows = Tensor.of(Nd4j.createFromArray(new long[][] {{2, 0}, {2, 3}}));
    assertArrayEquals(new long[] {2, 2, 3}, layer.forward(rows).shape().toArray());
    GradCheck.of(in -> layer.forward(rows), layer.weight()).requireBelow(1e-6);
  }

  @Test
  void embeddingNamesTheMissingRow() {
    var layer = new Embedding(Weights.init(1), 4, 3);
    var rows = Tensor.of(Nd4j.createFromArray(new long[] {4}));
    var e = assertThrows(IllegalArgumentException.class, () -> layer.forward(rows));
    assertEquals("Embedding: row 4 of a table of 4 rows", e.getMessage());
  }

  @Test
  void batchNormFollowsTheBatchInTrainingAlone() {
    var weights = Weights.init(1);
    var norm = new BatchNorm2d(weights, 2);
    var x = Tensor.normal(new SplittableRandom(1), 3, 2, 4, 4);
    norm.forward(x);
    assertEquals(0, norm.batches().item());
    train(() -> norm.forward(x));
    assertEquals(1, norm.batches().item());
    var mean = x.mean(0, 2, 3).mul(0.1).toFloats();
    assertArrayEquals(mean, norm.runningMean().toFloats(), 1e-6f);
    assertEquals(
        List.of("weight", "bias", "running_mean", "running_var", "num_batches_tracked"),
        weights.all().stream().map(Parameter::name).toList());
    assertEquals(4, weights.count());
  }

  @Test
  void dropoutKeepsTheMeanAndLeavesInferenceAlone() {
    var x = Tensor.full(DataType.FLOAT, 1, 100, 100);
    var dropout = new Dropout(0.3);
    assertSame(x, dropout.forward(x));
    var first = train(() -> dropout.forward(x));
    assertEquals(1, first.mean().item(), 0.02);
    assertArrayEquals(first.toFloats(), train(() -> dropout.forward(x)).toFloats());
  }

  @Test
  void dropPathDropsWholeSamples() {
    var x = Tensor.full(DataType.FLOAT, 1, 50, 7);
    var rows = train(() -> new DropPath(0.5).forward(x)).mean(1).toFloats();
    for (float row : rows) {
      assertTrue(row == 0 || row == 2, "row mean " + row);
    }
  }

  @Test
  void rejectsAQueryOfAnotherWidth() {
    var layer = new MultiheadAttention(Weights.init(1), 6, 2);
    var x = Tensor.normal(new SplittableRandom(1), 1, 2, 4);
    var e = assertThrows(ShapeException.class, () -> layer.forward(x));
    assertTrue(e.toString().contains("(1, 2, 4)"), e.toString());
  }

  @Test
  void rejectsUnequalGroups() {
    assertThrows(IllegalArgumentException.class, () -> new GroupNorm(Weights.init(1), 4, 6));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Conv2d(Weights.init(1), 4, 6, Window.of(3), 4, true));
    assertThrows(
        IllegalArgumentException.class, () -> new MultiheadAttention(Weights.init(1), 6, 4));
  }

  @SuppressWarnings("try") // the open tape makes it a training pass
  private static Tensor train(java.util.function.Supplier<Tensor> pass) {
    try (var tape = new Tape(9)) {
      return pass.get().detach();
    }
  }
}
