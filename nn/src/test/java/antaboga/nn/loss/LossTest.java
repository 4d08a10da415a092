// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.GradCheck;
import antaboga.ShapeException;
import antaboga.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class LossTest {
  private static final long[] SHAPE = {2, 3, 2, 3};

  private static Tensor normal(long seed, long... shape) {
    return Tensor.normal(new SplittableRandom(seed), shape).to(DataType.DOUBLE);
  }

  private static Tensor probabilities(long seed) {
    return normal(seed, SHAPE).sigmoid();
  }

  private static Tensor labels(long... values) {
    return Tensor.of(Nd4j.createFromArray(values).reshape('c', 2, 2, 3));
  }

  @TestFactory
  Stream<DynamicTest> gradientsAgreeWithDifferences() {
    var cases = new LinkedHashMap<String, Loss>();
    cases.put("BinaryCrossEntropy", new BinaryCrossEntropy());
    cases.put("BinaryCrossEntropy weighted", new BinaryCrossEntropy(2.5, Reduction.SUM));
    cases.put("Dice", Dice.sigmoid());
    cases.put("Dice squared over the batch", Dice.sigmoid().squared().overBatch());
    cases.put("Dice softmax", Dice.softmax().withoutBackground().asJaccard());
    cases.put("Dice terms", Dice.sigmoid().with(Reduction.NONE).smoothed(0, 1e-6));
    cases.put("Tversky", Tversky.sigmoid(0.3, 0.7));
    cases.put("Focal", new Focal(2, OptionalDouble.of(0.25), Reduction.MEAN));
    cases.put("KullbackLeibler", new KullbackLeibler(4));
    cases.put("BinaryDistillation", new BinaryDistillation(2));
    cases.put("MeanSquared", new MeanSquared());
    cases.put("MeanAbsolute", new MeanAbsolute());
    cases.put("SmoothL1", new SmoothL1(0.7, Reduction.SUM));
    cases.put("CosineDistance", new CosineDistance());
    cases.put("AttentionTransfer", new AttentionTransfer());
    cases.put("Sum", new BinaryCrossEntropy().plus(Dice.sigmoid().times(0.5)));
    return cases.entrySet().stream()
        .map(
            e ->
                DynamicTest.dynamicTest(
                    e.getKey(),
                    () ->
                        // gradients reach prediction and target
                        GradCheck.of(
                                in -> e.getValue().of(in[0], in[1]),
                                normal(1, SHAPE),
                                probabilities(2))
                            .requireBelow(1e-6)));
  }

  @TestFactory
  Stream<DynamicTest> gradientsOfProbabilitiesAgreeWithDifferences() {
    var cases = new LinkedHashMap<String, Function<Tensor[], Tensor>>();
    cases.put("ProbabilityCrossEntropy", in -> new ProbabilityCrossEntropy().of(in[0], in[1]));
    cases.put("Dice", in -> Dice.probabilities().of(in[0], in[1]));
    cases.put("Entropy", in -> new Entropy().of(in[0]));
    return cases.entrySet().stream()
        .map(
            e ->
                DynamicTest.dynamicTest(
                    e.getKey(),
                    () ->
                        GradCheck.of(e.getValue(), probabilities(1), probabilities(2))
                            .requireBelow(1e-6)));
  }

  @Test
  void crossEntropyAgreesWithDifferences() {
    var target = labels(0, 1, 2, 2, 9, 0, 1, 1, 9, 0, 2, 1);
    var loss = new CrossEntropy(List.of(0.5, 1.0, 2.0), 9, 0.1);
    GradCheck.of(in -> loss.of(in[0], target), normal(1, SHAPE)).requireBelow(1e-6);
  }

  @Test
  void crossEntropyOfIgnoredLabelsIsZero() {
    var target = labels(9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9);
    assertEquals(0, new CrossEntropy().withIgnored(9).of(normal(1, SHAPE), target).item());
  }

  @Test
  void crossEntropyNamesALabelThatIsNoClass() {
    var target = labels(0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0);
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> new CrossEntropy().of(normal(1, SHAPE), target));
    assertTrue(e.toString().contains("label 3 among 3 classes"), e.toString());
  }

  @Test
  void rejectsATargetThatWouldBroadcast() {
    var e =
        assertThrows(
            ShapeException.class, () -> new MeanSquared().of(normal(1, 2, 1, 3), normal(2, 2, 3)));
    assertTrue(e.toString().contains("(2, 1, 3)"), e.toString());
    assertThrows(
        ShapeException.class, () -> Dice.sigmoid().of(normal(1, 2, 1, 3), normal(2, 2, 3)));
  }

  @Test
  void staysFiniteForLargeLogits() {
    var x = Tensor.of(new float[] {1000, -1000, 80, -80}, 1, 4);
    var y = Tensor.of(new float[] {0, 1, 0, 1}, 1, 4);
    assertEquals(2160 / 4.0, new BinaryCrossEntropy().of(x, y).item(), 1e-3);
    assertEquals(1000, new CrossEntropy().of(x, firstLabel(1)).item() - 1000, 1e-3);
  }

  private static Tensor firstLabel(long label) {
    return Tensor.of(Nd4j.createFromArray(label));
  }

  @Test
  void diceOfAPerfectPredictionIsZero() {
    var y = Tensor.of(new float[] {0, 1, 1, 0}, 1, 1, 2, 2);
    assertEquals(0, Dice.probabilities().of(y, y).item(), 1e-6);
  }
}
