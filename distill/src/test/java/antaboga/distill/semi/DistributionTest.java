// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.GradCheck;
import antaboga.Randomized;
import antaboga.Tensor;
import antaboga.distill.Draw;
import antaboga.nn.Weights;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

/** Class statistics, their bank, alignment and separation. */
class DistributionTest {
  private static ClassStatistics random(Random random, long m, long d) {
    return ClassStatistics.of(Draw.normal(random, m, d), Draw.uniform(random, 0, 1, m), 1e-4);
  }

  @Test
  void statisticsAreThoseOfTheClasses() {
    var features = Tensor.of(new double[] {1, 10, 3, 20, 7, 40}, 3, 2);
    var s = ClassStatistics.of(features, Tensor.of(new double[] {1, 1, 0}, 3), 0.5);
    assertEquals(2, s.lesion().count().item());
    assertEquals("[2.0, 15.0]", java.util.Arrays.toString(s.lesion().mean().toDoubles()));
    assertEquals("[1.5, 25.5]", java.util.Arrays.toString(s.lesion().variance().toDoubles()));
    assertEquals("[7.0, 40.0]", java.util.Arrays.toString(s.background().mean().toDoubles()));
    assertEquals("[0.5, 0.5]", java.util.Arrays.toString(s.background().variance().toDoubles()));
  }

  @Test
  void aClassWithoutWeightStaysFinite() {
    var s =
        ClassStatistics.of(
            Draw.normal(new Random(1), 4, 2), Tensor.zeros(DataType.DOUBLE, 4), 1e-4);
    assertFalse(s.isSupported());
    assertTrue(Double.isFinite(new Separation().of(s).item()));
  }

  @Test
  void statisticsGradientsAgreeWithDifferences() {
    var random = new Random(2);
    GradCheck.of(
            in -> {
              var s = ClassStatistics.of(in[0], in[1], 1e-4);
              return Tensor.concat(
                  0,
                  s.lesion().mean(),
                  s.lesion().variance(),
                  s.background().mean(),
                  s.background().variance());
            },
            Draw.normal(random, 17, 3),
            Draw.uniform(random, 0.05, 0.95, 17))
        .requireBelow(1e-6);
  }

  @Randomized
  void alignmentIsZeroWhenTheBatchEqualsTheBank(Random random) {
    var classes = random(random, 40, 5);
    assertEquals(0, new Alignment().of(classes, classes).item(), 1e-12);
    assertTrue(new Alignment().of(classes, random(random, 40, 5)).item() > 0);
  }

  @Randomized
  void separationLiesInTheUnitIntervalAndIsOneForEqualClasses(Random random) {
    var classes = random(random, 40, 5);
    var value = new Separation().of(classes).item();
    assertTrue(value > 0 && value < 1, "" + value);
    var equal = new ClassStatistics(classes.lesion(), classes.lesion());
    assertEquals(1, new Separation().of(equal).item(), 1e-12);
  }

  @Test
  void lossGradientsAgreeWithDifferences() {
    var random = new Random(3);
    var bank = random(random, 30, 3);
    GradCheck.of(
            in -> {
              var batch = ClassStatistics.of(in[0], in[1], 1e-4);
              return new Alignment().of(batch, bank).add(new Separation().of(batch).mul(2));
            },
            Draw.normal(random, 20, 3),
            Draw.uniform(random, 0.05, 0.95, 20))
        .requireBelow(1e-6);
  }

  @Test
  void theBankTakesTheFirstBatchAndThenMovesATenth() {
    var bank = new ClassBank(Weights.init(1, DataType.DOUBLE), 2);
    assertTrue(bank.statistics().isEmpty());
    var first = random(new Random(4), 100, 2);
    var second = random(new Random(5), 100, 2);
    bank.follow(first);
    assertEquals(
        first.lesion().mean().index(0, 0).item(),
        bank.statistics().orElseThrow().lesion().mean().index(0, 0).item(),
        1e-15);
    bank.follow(second);
    assertEquals(
        0.9 * first.lesion().variance().index(0, 1).item()
            + 0.1 * second.lesion().variance().index(0, 1).item(),
        bank.statistics().orElseThrow().lesion().variance().index(0, 1).item(),
        1e-15);
  }

  @Test
  void aRareClassLeavesItsEntryAlone() {
    var bank = new ClassBank(Weights.init(1, DataType.DOUBLE), 2);
    var features = Draw.normal(new Random(6), 100, 2);
    bank.follow(ClassStatistics.of(features, Tensor.full(DataType.DOUBLE, 0.15, 100), 1e-4));
    assertTrue(bank.statistics().isEmpty()); // 15 of lesion
    bank.follow(ClassStatistics.of(features, Tensor.full(DataType.DOUBLE, 0.5, 100), 1e-4));
    var before = bank.statistics().orElseThrow().lesion().mean().toDoubles();
    bank.follow(ClassStatistics.of(features.add(9), Tensor.full(DataType.DOUBLE, 0.1, 100), 1e-4));
    var after = bank.statistics().orElseThrow();
    assertEquals(before[0], after.lesion().mean().toDoubles()[0]);
    assertTrue(after.background().mean().toDoubles()[0] > before[0]);
  }

  @Test
  void theBankIsSavedWithTheWeights() {
    var weights = Weights.init(1, DataType.DOUBLE);
    var bank = new ClassBank(weights.at("bank"), 2);
    bank.follow(random(new Random(7), 100, 2));
    var copy = new ClassBank(Weights.from(weights.arrays(), DataType.DOUBLE).at("bank"), 2);
    assertEquals(
        bank.statistics().orElseThrow().lesion().mean().index(0, 0).item(),
        copy.statistics().orElseThrow().lesion().mean().index(0, 0).item());
  }
}
