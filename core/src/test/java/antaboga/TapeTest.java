// SPDX-License-Identifier: Apache-2.0
package antaboga;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;

class TapeTest {
  private static Parameter parameter(float... values) {
    return new Parameter("w", Tensor.of(values, values.length).array(), true);
  }

  @Test
  void givesTheGradientOfEveryParameter() {
    var w = parameter(1, 2, 3);
    try (var tape = new Tape(0)) {
      var gradients = tape.gradients(w.mul(w).sum());
      assertEquals("[2.0, 4.0, 6.0]", java.util.Arrays.toString(gradients.of(w).get().toFloats()));
      assertEquals(Math.sqrt(56), gradients.norm(), 1e-6);
      assertEquals(0.5, gradients.clip(0.5).norm(), 1e-6);
    }
  }

  @Test
  void leavesFrozenParametersWithoutGradient() {
    var w = parameter(1, 2);
    var frozen = new Parameter("f", w.array(), false);
    try (var tape = new Tape(0)) {
      var gradients = tape.gradients(w.mul(frozen).sum());
      assertFalse(gradients.of(frozen).isPresent());
    }
  }

  @Test
  void refusesATensorOfAClosedTape() {
    Tensor y;
    try (var tape = new Tape(0)) {
      y = parameter(1, 2).mul(2);
      assertFalse(tape.isClosed());
    }
    var e = assertThrows(IllegalStateException.class, y::array);
    assertTrue(e.toString().contains("after its tape closed"), e.toString());
  }

  @Test
  void detachedValuesOutliveTheTape() {
    Tensor y;
    try (var tape = new Tape(0)) {
      y = tape.watch(parameter(1, 2)).mul(2).detach();
    }
    assertEquals(4, y.toFloats()[1]);
  }

  @Test
  void tapesNestAndCloseInReverseOrder() {
    var outer = new Tape(0);
    var inner = new Tape(1);
    assertThrows(IllegalStateException.class, outer::close);
    inner.close();
    outer.close();
    assertTrue(Tape.current().isEmpty());
  }

  @Test
  void seededStretchesRepeatAndLeaveTheStepsRandomnessAlone() {
    try (var tape = new Tape(5)) {
      long first = Tape.seeded(9, () -> tape.random().nextLong());
      assertEquals(first, Tape.seeded(9, () -> tape.random().nextLong()));
      assertEquals(new SplittableRandom(5).nextLong(), tape.random().nextLong());
    }
  }

  @Test
  void pausedStretchesRecordNothing() {
    var w = parameter(1, 2);
    try (var tape = new Tape(0)) {
      var constant = Tape.paused(() -> w.mul(3));
      assertThrows(IllegalStateException.class, () -> tape.gradients(constant.sum()));
      assertTrue(Tape.training());
      assertFalse(Tape.paused(Tape::training));
      assertTrue(Tape.paused(Tape.Mode.TRAIN, Tape::training));
    }
  }

  @Test
  void namesTheFirstOperationThatIsNotFinite() {
    var w = parameter(0, 1);
    try (var tape = new Tape(0)) {
      var loss = w.add(1).sub(w).log().add(w.log()).sum();
      assertEquals(loss.shape(), Shape.of());
      var named = tape.firstNonFinite().get();
      assertTrue(named.contains("Log[]"), named);
    }
  }

  @Test
  void refusesALossThatIsNoScalar() {
    try (var tape = new Tape(0)) {
      var y = parameter(1, 2).mul(2);
      assertThrows(ShapeException.class, () -> tape.gradients(y));
    }
  }

  /** In a process of its own with a heap of fixed size, so that only off-heap memory can grow. */
  @Test
  void memoryStaysFlat() throws Exception {
    var java =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xms128m",
            "-Xmx128m",
            "-XX:+AlwaysPreTouch",
            "-cp",
            System.getProperty("java.class.path"),
            Steps.class.getName());
    var process = new ProcessBuilder(java).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    var printed = new String(process.getInputStream().readAllBytes(), UTF_8).trim().split(" ");
    assertEquals(0, process.waitFor());
    double growth = Double.parseDouble(printed[1]) / Double.parseDouble(printed[0]);
    assertTrue(growth < 1.1, "physical bytes after steps 20 and 200: " + List.of(printed));
  }

  /** Prints the physical bytes after training steps 20 and 200. */
  static final class Steps {
    public static void main(String[] arguments) {
      var random = new SplittableRandom(1);
      var weight = new Parameter("w", Tensor.normal(random, 128, 128).array(), true);
      var x = Tensor.normal(random, 512, 128);
      for (int step = 1; step <= 200; step++) {
        try (var tape = new Tape(step)) {
          var y = x;
          for (int layer = 0; layer < 6; layer++) {
            y = y.linear(weight).mul(0.05).silu();
          }
          weight.assign(tape.gradients(y.sum()).clip(1).of(weight).orElseThrow().array());
        }
        if (step == 20 || step == 200) {
          System.out.print(Pointer.physicalBytes() + " ");
        }
      }
    }
  }
}
