// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtException;
import antaboga.Parameter;
import antaboga.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;

class OnnxGraphTest {
  @TempDir Path folder;

  private static Tensor random(long... shape) {
    return Tensor.normal(new SplittableRandom(7), shape);
  }

  private static Parameter parameter(String name, long... shape) {
    return new Parameter(name, random(shape).array(), true);
  }

  @Test
  void operationsAreThoseOfTensors() throws IOException, OrtException {
    var graph = new OnnxGraph("layers");
    var x = graph.input("x", "N 5");
    var weight = parameter("weight", 4, 5);
    var bias = parameter("bias", 4);
    var hidden = x.linear(weight, bias).gelu().layerNorm(bias, bias, 1e-6);
    graph.output("hidden", hidden, "N 4");
    graph.output("soft", hidden.softmax().silu().mul(-2).add(0.5), "N 4");
    graph.output("turned", hidden.permute(1, 0).slice(0, 1, 3).unsqueeze(2), "2 N 1");
    graph.output("picked", hidden.gather(1, 3, 0, 0).padEnd(0, 2), "N 5");
    graph.output("joined", OnnxValue.concat(1, hidden.split(1, 2)).index(1, 2), "N");
    var given = random(3, 5);
    var run = OnnxRun.of(folder, graph, Map.of("x", given));
    var ours = given.linear(weight, bias).gelu().layerNorm(bias, bias, 1e-6);
    run.assertGives("hidden", ours);
    run.assertGives("soft", ours.softmax(1).silu().mul(-2).add(0.5));
    run.assertGives("turned", ours.permute(1, 0).slice(0, 1, 3).reshape(2, 3, 1));
    var first = ours.slice(1, 0, 1);
    run.assertGives("picked", Tensor.concat(1, ours.slice(1, 3, 4), first, first).pad(1, 0, 2));
    run.assertGives("joined", ours.index(1, 2));
  }

  @Test
  void innerGraphsSeeTheValuesAround() throws IOException, OrtException {
    var graph = new OnnxGraph("sums");
    var x = graph.input("x", "L 2");
    var twice = graph.scalar(2);
    var step = graph.inner("step");
    var sum = step.input("sum", "2").add(step.input("x", "2").mul(twice));
    step.output("next", sum, "2");
    step.output("y", sum, "2");
    var start = graph.apply("Expand", List.of(graph.scalar(0), graph.integers(2)), Map.of());
    var attributes = Map.of("body", step, "num_scan_inputs", 1);
    graph.output("y", graph.apply("Scan", List.of(start, x), attributes, 2).get(1), "L 2");
    var run = OnnxRun.of(folder, graph, Map.of("x", Tensor.of(new float[] {1, 2, 3, 4}, 2, 2)));
    run.assertGives("y", Tensor.of(new float[] {2, 4, 8, 12}, 2, 2));
  }

  @Test
  void sameGraphGivesTheSameBytes() throws IOException {
    var files = List.of(folder.resolve("a.onnx"), folder.resolve("b.onnx"));
    for (var file : files) {
      var graph = new OnnxGraph("same");
      graph.note("b", "2");
      graph.note("a", "1");
      var weight = graph.parameter(parameter("weight", 2, 3, 1, 1));
      var attributes = Map.of("strides", new long[] {1, 1}, "group", 1, "auto_pad", "VALID");
      var y = graph.apply("Conv", List.of(graph.input("x", "B 3 4 4"), weight), attributes);
      graph.output("y", y, "B 2 4 4");
      graph.save(file);
    }
    assertArrayEquals(Files.readAllBytes(files.get(0)), Files.readAllBytes(files.get(1)));
  }

  @Test
  void writesNothingWhereItCannot() {
    var graph = new OnnxGraph("lost");
    graph.output("y", graph.input("x", "B"), "B");
    var nowhere = folder.resolve("nowhere").resolve("x.onnx");
    assertThrows(NoSuchFileException.class, () -> graph.save(nowhere));
    assertFalse(Files.exists(folder.resolve("nowhere")));
  }

  @Test
  void rejectsArraysThatAreNotFloat() {
    var doubles = random(2).to(DataType.DOUBLE).array();
    var error = refused(() -> new OnnxGraph("g").array("weight", doubles));
    assertTrue(error.contains("weight") && error.contains("expected FLOAT"), error);
  }

  @Test
  void rejectsTwoArraysOfOneName() {
    var graph = new OnnxGraph("g");
    var weight = parameter("weight", 2);
    assertEquals(graph.parameter(weight), graph.parameter(weight));
    var error = refused(() -> graph.parameter(parameter("weight", 2)));
    assertTrue(error.contains("weight"), error);
  }

  @Test
  void rejectsValuesOfAnotherGraphAndStrangeAttributes() {
    var x = new OnnxGraph("g").input("x", "B");
    var other = new OnnxGraph("other").input("theirs", "B");
    assertTrue(refused(() -> x.add(other)).contains("theirs"));
    var error = refused(() -> x.graph().apply("Relu", List.of(x), Map.of("strange", List.of())));
    assertTrue(error.contains("strange"), error);
  }

  private static String refused(Executable action) {
    return String.valueOf(assertThrows(IllegalArgumentException.class, action).getMessage());
  }
}
