// SPDX-License-Identifier: Apache-2.0
package antaboga;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class RecomputeTest {
  private final Tensor x = Tensor.normal(new SplittableRandom(1), 5, 8);
  private final List<Parameter> weights = new ArrayList<>();

  RecomputeTest() {
    var random = new SplittableRandom(2);
    for (int i = 0; i < 4; i++) {
      weights.add(new Parameter("w" + i, Tensor.normal(random, 8, 8).array(), i != 2));
    }
  }

  private static Tensor dropped(Tensor y) {
    var random = Tape.current().orElseThrow().random();
    var keep = new float[(int) y.shape().elements()];
    for (int i = 0; i < keep.length; i++) {
      keep[i] = random.nextFloat() < 0.3 ? 0 : 1.3f;
    }
    return y.mul(Tensor.of(keep, y.shape().toArray()));
  }

  /** A residual block that draws at random and reads its input and its weight twice. */
  private Tensor block(Tensor y, int i) {
    var z = dropped(y.linear(weights.get(i)).silu());
    return y.add(z.linear(weights.get(i)).tanh());
  }

  private interface Mode {
    Tensor of(Supplier<Tensor> stretch);
  }

  /**
   * Skips around the stretches, a weight in several of them, one frozen, one stretch in another.
   */
  private Tensor net(Tensor in, Mode mode) {
    var a = mode.of(() -> block(in, 0));
    var b = mode.of(() -> mode.of(() -> block(a, 1)).mul(mode.of(() -> block(a, 0))));
    var c = mode.of(() -> block(b, 2));
    var d = mode.of(() -> Tape.seeded(7, () -> block(c.add(a), 3)));
    return dropped(d.add(b)).mul(in);
  }

  private record Run(double loss, List<float[]> gradients, long next) {
    void requireBits(Run other) {
      assertEquals(loss, other.loss);
      assertEquals(gradients.size(), other.gradients.size());
      for (int i = 0; i < gradients.size(); i++) {
        assertArrayEquals(gradients.get(i), other.gradients.get(i), 0);
      }
      assertEquals(next, other.next);
    }
  }

  private Run run(Mode mode) {
    try (var tape = new Tape(3)) {
      var in = tape.watch(x);
      var loss = net(in, mode).pow(2).mean();
      var gradients = tape.gradients(loss);
      var found = new ArrayList<float[]>();
      for (var leaf : List.of(in, weights.get(0), weights.get(1), weights.get(3))) {
        found.add(gradients.of(leaf).orElseThrow().toFloats());
      }
      assertEquals(4, gradients.leaves().size());
      return new Run(loss.item(), found, tape.random().nextLong());
    }
  }

  @Test
  void valuesGradientsAndRandomNumbersAreThoseOfTheStretchBitForBit() {
    var plain = run(Supplier::get);
    plain.requireBits(run(Tape::recomputed));
    plain.requireBits(run(Tape::recomputed)); // memory has been learned by now
  }

  @Test
  void gradientsAgreeWithDifferences() {
    var w = new Parameter("w", weights.get(0).to(DataType.DOUBLE).array(), true);
    GradCheck.of(
            in ->
                Tape.recomputed(
                        () -> Tape.recomputed(() -> in[0].linear(w)).silu().mul(in[1]).add(in[0]))
                    .mul(in[1]),
            x.to(DataType.DOUBLE),
            x.mul(0.7).to(DataType.DOUBLE),
            w)
        .requireBelow(1e-6);
  }

  @Test
  void insideValuesAreGone() {
    var inside = new ArrayList<Tensor>();
    try (var tape = new Tape(0)) {
      var y =
          Tape.recomputed(
              () -> {
                var z = x.linear(weights.get(0));
                inside.add(z);
                return z.silu();
              });
      assertThrows(IllegalStateException.class, () -> inside.get(0).array());
      assertEquals(1, tape.gradients(y.sum()).leaves().size());
    }
  }

  @Test
  void theSecondPassKnowsThatItRepeats() {
    var seen = new ArrayList<Boolean>();
    UnaryOperator<Tensor> layer =
        y -> {
          seen.add(Tape.repeating());
          return y.linear(weights.get(0));
        };
    assertFalse(Tape.repeating());
    var unused = layer.apply(x);
    try (var tape = new Tape(0)) {
      var y = Tape.recomputed(() -> Tape.recomputed(() -> layer.apply(x)).silu());
      tape.gradients(y.sum());
      assertFalse(Tape.repeating());
    }
    assertEquals(List.of(false, false, true, true), seen);
  }

  @Test
  void inferenceRunsTheStretchAsItStands() {
    var y = x.mul(2);
    assertSame(y, Tape.recomputed(() -> y));
    try (var tape = new Tape(0)) {
      assertSame(y, Tape.recomputed(() -> y));
      assertSame(tape, Tape.current().orElseThrow());
    }
  }

  @Test
  void aPausedStretchIsPausedInside() {
    var training = new ArrayList<Boolean>();
    Supplier<Tensor> pass =
        () ->
            Tape.recomputed(
                () -> {
                  training.add(Tape.training());
                  return x.linear(weights.get(0));
                });
    try (var tape = new Tape(0)) {
      var y = Tape.paused(pass);
      assertThrows(IllegalStateException.class, () -> tape.gradients(y.sum()));
      assertArrayEquals(x.linear(weights.get(0)).toFloats(), y.toFloats(), 0);
      var z = Tape.paused(Tape.Mode.TRAIN, pass);
      assertThrows(IllegalStateException.class, () -> tape.gradients(z.sum()));
    }
    Tape.scoped(pass);
    assertEquals(List.of(false, true, false), training);
  }

  @Test
  void aStretchOfConstantsIsNotRecorded() {
    try (var tape = new Tape(0)) {
      var y = Tape.recomputed(() -> x.linear(weights.get(2)));
      assertThrows(IllegalStateException.class, () -> tape.gradients(y.sum()));
      assertEquals("Tape of 0 operations", tape.toString());
      assertArrayEquals(x.linear(weights.get(2)).toFloats(), y.toFloats(), 0);
    }
  }

  @Test
  void whatATapeFartherOutWatchesIsAConstantAsWithoutAStretch() {
    try (var far = new Tape(0)) {
      var watched = far.watch(x);
      try (var tape = new Tape(0)) {
        var y = Tape.recomputed(() -> watched.linear(weights.get(0)));
        assertEquals(1, tape.gradients(y.sum()).leaves().size());
      }
    }
  }

  @Test
  void aStretchThatFailsClosesItsTape() {
    try (var tape = new Tape(0)) {
      assertThrows(ShapeException.class, () -> Tape.recomputed(() -> x.mul(3).matmul(x)));
      assertSame(tape, Tape.current().orElseThrow());
    }
  }

  @Test
  void namesTheOperationInsideThatIsNotFinite() {
    try (var tape = new Tape(0)) {
      var y = Tape.recomputed(() -> x.linear(weights.get(0)).mul(0).log().neg());
      var named = tape.firstNonFinite().orElseThrow();
      assertTrue(
          named.startsWith("operation 1 of 1, a stretch with operation 3 of 4, Log[]"), named);
      assertEquals(y.shape(), x.shape());
    }
  }

  /** In a process of its own with a heap of fixed size, so that only off-heap memory grows. */
  @Test
  void memoryIsThatOfOneStretch() throws Exception {
    var java =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xms128m",
            "-Xmx128m",
            "-XX:+AlwaysPreTouch",
            "-Dorg.bytedeco.javacpp.maxbytes=0",
            "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
            "-cp",
            System.getProperty("java.class.path"),
            Steps.class.getName());
    var process = new ProcessBuilder(java).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    var printed = new String(process.getInputStream().readAllBytes(), UTF_8).trim().split(" ");
    assertEquals(0, process.waitFor());
    long recomputed = Long.parseLong(printed[1]) - Long.parseLong(printed[0]);
    long plain = Long.parseLong(printed[2]) - Long.parseLong(printed[0]);
    assertTrue(recomputed < 0.4 * plain, "megabytes at first and after each: " + List.of(printed));
  }

  /** Prints physical megabytes before and after recomputed steps, and after plain ones. */
  static final class Steps {
    public static void main(String[] arguments) {
      step(UnaryOperator.identity(), 1);
      print();
      step(block -> () -> Tape.recomputed(block), 32);
      print();
      step(UnaryOperator.identity(), 32);
      print();
    }

    private static Tensor block(Tensor in, Parameter weight) {
      var y = in.linear(weight).mul(0.05);
      for (int i = 0; i < 6; i++) {
        y = y.relu();
      }
      return y;
    }

    private static void print() {
      System.out.print((Pointer.physicalBytes() >> 20) + " ");
    }

    /** Three steps through blocks of eight values of a megabyte each. */
    private static void step(UnaryOperator<Supplier<Tensor>> mode, int blocks) {
      var random = new SplittableRandom(1);
      var weight = new Parameter("w", Tensor.normal(random, 128, 128).array(), true);
      var x = Tensor.normal(random, 2048, 128);
      for (int step = 0; step < 3; step++) {
        try (var tape = new Tape(step)) {
          var y = x;
          for (int i = 0; i < blocks; i++) {
            var in = y;
            y = mode.apply(() -> block(in, weight)).get();
          }
          weight.assign(tape.gradients(y.sum()).clip(1).of(weight).orElseThrow().array());
        }
      }
    }
  }
}
