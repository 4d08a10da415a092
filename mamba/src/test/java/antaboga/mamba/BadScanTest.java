// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.NonFiniteValueException;
import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.nn.Weights;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;
import org.nd4j.linalg.api.buffer.DataType;

/** What scans and blocks refuse, and how they say so. */
class BadScanTest {
  private static Tensor some(long... shape) {
    return Tensor.uniform(new SplittableRandom(1), shape);
  }

  /** A scan of B = 2, D = 4, N = 3, L = 5 with every option. */
  private static Map<String, Tensor> good() {
    var x = new LinkedHashMap<String, Tensor>();
    x.put("u", some(2, 4, 5));
    x.put("delta", some(2, 4, 5));
    x.put("A", some(4, 3).neg());
    x.put("B", some(2, 2, 3, 5));
    x.put("C", some(2, 3, 5));
    x.put("D", some(4));
    x.put("z", some(2, 4, 5));
    x.put("delta bias", some(4));
    x.put("initial state", some(2, 4, 3));
    return x;
  }

  private static Tensor at(Map<String, Tensor> x, String name) {
    return Objects.requireNonNull(x.get(name));
  }

  private static Tensor scan(Map<String, Tensor> x) {
    return SelectiveScan.of(
        at(x, "u"),
        at(x, "delta"),
        at(x, "A"),
        at(x, "B"),
        at(x, "C"),
        ScanOptions.plain()
            .withD(at(x, "D"))
            .withZ(at(x, "z"))
            .withDeltaBias(at(x, "delta bias"))
            .withInitialState(at(x, "initial state")));
  }

  private static DynamicTest refuses(String name, Executable call, String... words) {
    return DynamicTest.dynamicTest(
        name,
        () -> {
          var message = String.valueOf(assertThrows(ShapeException.class, call).getMessage());
          for (var word : words) {
            assertTrue(message.contains(word), message);
          }
        });
  }

  private static DynamicTest refuses(String name, Tensor bad) {
    var x = good();
    x.put(name, bad);
    return refuses(name + " " + bad, () -> scan(x), "selectiveScan", name, bad.shape().toString());
  }

  @TestFactory
  Stream<DynamicTest> refusesShapesThatDoNotFit() {
    return Stream.of(
        refuses("u", some(2, 4)),
        refuses("u", some(2, 4, 5, 1)),
        refuses("delta", some(2, 4, 6)),
        refuses("delta", some(2, 5)),
        refuses("A", some(5, 3)),
        refuses("A", some(4)),
        refuses("B", some(2, 3, 6)),
        refuses("B", some(3, 3, 5)),
        refuses("B", some(2, 2, 5)),
        refuses("B", some(2, 3, 3, 5)),
        refuses("B", some(2, 8, 3, 5)),
        refuses("B", some(5, 3)),
        refuses("B", some(3)),
        refuses("C", some(2, 4, 4, 5)),
        refuses("C", some(4, 4)),
        refuses("C", some(1, 3, 5)),
        refuses("D", some(5)),
        refuses("D", some(4, 1)),
        refuses("z", some(2, 4, 1)),
        refuses("delta bias", some(1)),
        refuses("initial state", some(2, 4, 2)),
        refuses("initial state", some(1, 4, 3)));
  }

  /** There is no tensor without elements, so that no operation can meet one. */
  @Test
  void refusesSequencesOfZeroLength() {
    for (long[] shape : new long[][] {{2, 4, 0}, {0, 4, 5}, {2, 0, 5}}) {
      var message = assertThrows(ShapeException.class, () -> some(shape)).getMessage();
      assertEquals("tensor of shape " + Shape.of(shape) + ", expected no axis of size 0", message);
    }
    assertThrows(ShapeException.class, () -> some(2, 4, 5).slice(2, 3, 3));
  }

  @TestFactory
  Stream<DynamicTest> refusesOtherTypes() {
    return good().keySet().stream()
        .flatMap(
            name ->
                Stream.of(DataType.DOUBLE, DataType.INT64)
                    .map(
                        type -> {
                          var x = good();
                          x.put(name, at(x, name).to(type));
                          return refuses(name + " " + type, () -> scan(x), "type", "" + type);
                        }));
  }

  @TestFactory
  Stream<DynamicTest> namesTheInputThatIsNotFinite() {
    return good().keySet().stream()
        .flatMap(
            name ->
                Stream.of(Float.NaN, Float.POSITIVE_INFINITY)
                    .flatMap(
                        value ->
                            Stream.of(DataType.FLOAT, DataType.DOUBLE)
                                .map(type -> refuses(name, value, type))));
  }

  private static DynamicTest refuses(String name, float value, DataType type) {
    return DynamicTest.dynamicTest(
        name + " " + value + " " + type,
        () -> {
          var x = good();
          x.replaceAll((key, tensor) -> tensor.to(type));
          var values = at(x, name).toDoubles();
          values[values.length - 2] = value;
          x.put(name, Tensor.of(values, at(x, name).shape().toArray()).to(type));
          var message =
              String.valueOf(
                  assertThrows(NonFiniteValueException.class, () -> scan(x)).getMessage());
          assertTrue(message.startsWith("selectiveScan: " + name + "["), message);
          assertTrue(message.contains("is " + value), message);
        });
  }

  @Test
  void tellsWhereTheValueStands() {
    var x = good();
    var values = at(x, "delta").toDoubles();
    values[27] = Double.NaN;
    x.put("delta", Tensor.of(values, 2, 4, 5).to(DataType.FLOAT));
    var message = assertThrows(NonFiniteValueException.class, () -> scan(x)).getMessage();
    assertEquals(
        "selectiveScan: delta[1, 1, 2] of shape (2, 4, 5) is NaN, expected finite values", message);
  }

  @Test
  void stepsThatOverflowTheStateAreRefused() {
    for (var type : List.of(DataType.FLOAT, DataType.DOUBLE)) {
      var x = good();
      x.replaceAll((key, tensor) -> tensor.to(type));
      x.put("A", at(x, "A").neg());
      x.put("delta", at(x, "delta").add(1e30));
      var message =
          String.valueOf(assertThrows(NonFiniteValueException.class, () -> scan(x)).getMessage());
      assertTrue(message.contains("the state[0, 0, 0] of shape (2, 4, 3) is Inf"), message);
      assertTrue(message.contains("|delta| <= 1.00e+30"), message);
    }
  }

  /** A large step forgets the state and takes the input: no overflow. */
  @Test
  void largeStepsWithNegativeRatesAreNoOverflow() {
    var x = good();
    x.put("delta", at(x, "delta").add(1e30));
    assertTrue(Double.isFinite(scan(x).sum().item()));
  }

  @Test
  void tensorsOfAClosedTapeAreRefused() {
    good().keySet().forEach(BadScanTest::refusesAClosed);
  }

  private static void refusesAClosed(String name) {
    var x = good();
    try (var tape = new Tape(0)) {
      x.put(name, tape.watch(at(x, name)).mul(1));
    }
    var message =
        String.valueOf(assertThrows(IllegalStateException.class, () -> scan(x)).getMessage());
    assertTrue(message.contains("after its tape closed"), message);
    assertTrue(message.contains(at(good(), name).shape().toString()), message);
  }

  private static Executable projected(List<int[]> orders, long width, long parts) {
    return () ->
        SelectiveScan.projected(
            orders,
            some(2, 6, 4),
            some(2, 6, parts),
            some(width, 2),
            some(width, 3).neg(),
            ScanOptions.plain());
  }

  @TestFactory
  Stream<DynamicTest> refusesOrdersAndProjectionsThatDoNotFit() {
    int[] order = {0, 1, 2, 3, 4, 5};
    int[] outside = {0, 1, 2, 3, 4, 6};
    int[] negative = {0, 1, 2, -3, 4, 5};
    int[] twice = {0, 1, 2, 3, 4, 4};
    int[] few = {0, 1, 2};
    return Stream.of(
        refuses("parts", projected(List.of(), 4, 7), "p (2, 6, 7)", "R + 2N"),
        refuses("width", projected(List.of(order, order), 4, 16), "K = 2"),
        refuses("outside", projected(List.of(order, outside), 8, 16), "order 1", "position 6"),
        refuses("negative", projected(List.of(negative, order), 8, 16), "order 0", "position -3"),
        refuses("twice", projected(List.of(order, twice), 8, 16), "position 4 twice"),
        refuses("few", projected(List.of(few, order), 8, 16), "order 0 has 3", "L = 6"));
  }

  @TestFactory
  Stream<DynamicTest> blocksRefuseWhatDoesNotFit() {
    var block = new MambaBlock(Weights.init(1), MambaConfig.of(8));
    var conv = new CausalConv1d(Weights.init(1), 8, 4, true);
    var state = block.start(2);
    return Stream.of(
        refuses("width", () -> block.forward(some(2, 5, 7)), "(2, 5, 7)"),
        refuses("rank", () -> block.forward(some(5, 8)), "(5, "),
        refuses("no time", () -> block.forward(some(2, 0, 8)), "(2, 0, 8)"),
        refuses("step", () -> block.step(some(2, 7), state), "7"),
        refuses("state", () -> block.step(some(3, 8), state), "(2, "),
        refuses("conv", () -> conv.forward(some(2, 5, 7)), "C = 7 as in x"),
        refuses("conv no time", () -> conv.forward(some(2, 0, 8)), "(2, 0, 8)"),
        refuses("conv states", () -> conv.forward(some(2, 5, 8), some(2, 4, 8)), "(2, 4, 8)"),
        refuses("conv batches", () -> conv.forward(some(2, 5, 8), some(1, 3, 8)), "(1, 3, 8)"),
        refuses("conv step", () -> conv.step(some(2, 7), some(2, 3, 8)), "(2, 3, 8)"),
        refuses(
            "scan step",
            () ->
                SelectiveScan.step(
                    some(2, 4, 3),
                    some(2, 4),
                    some(2, 5),
                    some(4, 3),
                    some(2, 3),
                    some(2, 3),
                    ScanOptions.plain()),
            "(2, 5)"));
  }

  @Test
  void anImageThatIsNotFiniteIsRefusedByABlock() {
    var block = new MambaBlock(Weights.init(1), MambaConfig.of(8));
    var x = some(1, 3, 8).div(Tensor.zeros(DataType.FLOAT, 1, 3, 8));
    assertThrows(NonFiniteValueException.class, () -> block.forward(x));
  }
}
