// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.Parameter;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.nn.Init;
import antaboga.nn.Linear;
import antaboga.nn.Weights;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class OptimTest {
  private static final Map<String, Function<List<Parameter>, Optimizer>> ALL =
      new LinkedHashMap<>();

  static {
    ALL.put("Sgd", p -> new Sgd(Sgd.Config.of(0.1).withMomentum(0.9).withNesterov(), p));
    ALL.put("Adam", p -> new Adam(Adam.Config.of(0.1).withAmsgrad(), p));
    ALL.put("AdamW", p -> new AdamW(AdamW.Config.of(0.1).withDecay(0.1), p));
    ALL.put("RmsProp", p -> new RmsProp(RmsProp.Config.of(0.1).withCentered(), p));
  }

  private static void train(Linear layer, Optimizer optimizer, int from, int to) {
    for (int step = from; step < to; step++) {
      try (var tape = new Tape(step)) {
        var x = Tensor.normal(new SplittableRandom(step), 8, 70);
        var y = layer.forward(x);
        optimizer.step(tape.gradients(y.mul(y).mean()));
      }
    }
  }

  @Test
  void resumedEqualsUninterruptedBitForBit() {
    for (var entry : ALL.entrySet()) {
      var whole = Weights.init(1);
      var layer = new Linear(whole, 70, 90); // more than one tile of elements
      train(layer, entry.getValue().apply(whole.all()), 0, 6);

      var broken = Weights.init(1);
      var half = new Linear(broken, 70, 90);
      var optimizer = entry.getValue().apply(broken.all());
      train(half, optimizer, 0, 3);
      var resumed = entry.getValue().apply(broken.all());
      resumed.restore(optimizer.state());
      train(half, resumed, 3, 6);
      assertArrayEquals(layer.weight().toFloats(), half.weight().toFloats(), entry.getKey());
    }
  }

  @Test
  void leavesParametersWithoutGradientUntouched() {
    for (var entry : ALL.entrySet()) {
      var weights = Weights.init(1);
      var used = new Linear(weights.at("used"), 70, 2);
      var idle = new Linear(weights.at("idle"), 3, 2);
      var before = idle.weight().toFloats();
      var optimizer = entry.getValue().apply(weights.all());
      train(used, optimizer, 0, 2);
      assertArrayEquals(before, idle.weight().toFloats(), entry.getKey());
      assertTrue(optimizer.state().keySet().stream().allMatch(k -> k.startsWith("used.")));
    }
  }

  @Test
  void stepsInDoublePrecisionToo() {
    var weights = Weights.init(1, DataType.DOUBLE);
    var p = weights.get("p", Init.ones(), 3);
    var optimizer = new Sgd(Sgd.Config.of(0.5), weights.all());
    try (var tape = new Tape(0)) {
      optimizer.step(tape.gradients(p.mul(p).sum()));
    }
    assertArrayEquals(new double[] {0, 0, 0}, p.toDoubles());
  }

  @Test
  void sparesNormsBiasesAndTheScanFromDecay() {
    var weights = Weights.init(1);
    weights.get("mamba.A_log", Init.ones(), 2, 2);
    weights.get("mamba.D", Init.ones(), 2);
    weights.get("dt_projs_bias", Init.ones(), 2, 2);
    weights.get("fc.weight", Init.ones(), 2, 2);
    weights.get("norm.weight", Init.ones(), 2);
    var groups = ParameterGroup.sparing(weights.all());
    assertEquals(
        List.of("fc.weight"), groups.get(0).parameters().stream().map(Parameter::name).toList());
    assertEquals(0, groups.get(1).decayScale());
    assertEquals(4, groups.get(1).parameters().size());
  }

  @Test
  void refusesStateOfAnotherOptimizer() {
    var weights = Weights.init(1);
    var layer = new Linear(weights, 70, 2);
    var sgd = new Sgd(Sgd.Config.of(0.1).withMomentum(0.9), weights.all());
    train(layer, sgd, 0, 1);
    var adam = new Adam(Adam.Config.of(0.1), weights.all());
    var e = assertThrows(IllegalArgumentException.class, () -> adam.restore(sgd.state()));
    assertTrue(e.toString().contains("momentum_buffer"), e.toString());
  }

  @Test
  void refusesARateThatIsNoNumber() {
    var weights = Weights.init(1);
    var p = weights.get("p", Init.ones(), 3);
    var optimizer = new Sgd(Sgd.Config.of(0.5), weights.all());
    try (var tape = new Tape(0)) {
      var gradients = tape.gradients(p.sum());
      assertThrows(IllegalArgumentException.class, () -> optimizer.step(gradients, Double.NaN));
    }
  }

  @Test
  void averageStartsAsACopyAndThenFollows() {
    var student = Weights.init(1);
    var p = student.get("p", Init.constant(4), 3);
    var running = student.buffer("running", Init.constant(7), 2);
    var teacher = Weights.init(2).frozen();
    var average = teacher.get("p", Init.zeros(), 3);
    teacher.buffer("running", Init.zeros(), 2);
    var ema = new Ema(teacher.all(), student.all(), 0.75);
    ema.follow(0);
    assertArrayEquals(p.toFloats(), average.toFloats());
    p.assign(Tensor.full(DataType.FLOAT, 8, 3).array());
    ema.follow(100);
    assertArrayEquals(new float[] {5, 5, 5}, average.toFloats());
    assertArrayEquals(running.toFloats(), teacher.all().get(1).toFloats());
  }

  @Test
  void averageNamesWhatIsMissing() {
    var student = Weights.init(1);
    student.get("p", Init.zeros(), 3);
    var teacher = Weights.init(1);
    teacher.get("q", Init.zeros(), 3);
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> new Ema(teacher.all(), student.all(), 0.99));
    assertEquals("ema: the weights have no q, which the average has", e.getMessage());
  }

  @Test
  void schedulesEndWhereTheyShould() {
    var cosine = Schedule.cosine(1e-3, 100, 1e-5).warmUp(10, 0);
    assertEquals(0, cosine.rate(0));
    assertEquals(1e-5, cosine.rate(100), 1e-15);
    assertEquals(1e-5, cosine.rate(500), 1e-15);
    assertEquals(0.55e-2, Schedule.linear(1e-3, 1e-2, 10).rate(5), 1e-15);
    assertEquals(Schedule.constant(0.1).warmUp(4, 0.5).rate(2), 0.075, 1e-15);
    assertEquals(0, Schedule.poly(1e-2, 100, 0.9).rate(200));
    assertEquals(1e-2 * 0.25, Schedule.steps(1e-2, 10, 0.5).rate(29), 1e-15);
  }
}
