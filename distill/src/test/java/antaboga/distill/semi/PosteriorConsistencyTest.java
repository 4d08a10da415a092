// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.GradCheck;
import antaboga.Randomized;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.distill.Draw;
import java.util.Random;
import java.util.function.BinaryOperator;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class PosteriorConsistencyTest {
  private static final PosteriorConsistency LOSS = new PosteriorConsistency(0.7, 0.75, 1e-4);

  @Randomized
  void isFiniteForCertainPredictionsAndConstantFeatures(Random random) {
    var features = Draw.normal(random, 40, 3);
    var certain = Tensor.full(DataType.DOUBLE, random.nextBoolean() ? 1e3 : -1e3, 40);
    requireFinite(features, certain);
    requireFinite(features.mul(0).add(2), Draw.normal(random, 40));
    requireFinite(features.mul(0), certain);
  }

  private static void requireFinite(Tensor features, Tensor logits) {
    try (var tape = new Tape(0)) {
      var f = tape.watch(features);
      var l = tape.watch(logits);
      var loss = LOSS.of(f, l);
      assertTrue(Double.isFinite(loss.item()), "" + loss.item());
      assertTrue(Double.isFinite(tape.gradients(loss).norm()));
    }
  }

  @Test
  void wellSeparatedFeaturesConfirmAGoodPrediction() {
    var random = new Random(1);
    var logits = Draw.normal(random, 64).mul(3);
    var signs = logits.mul(1e6).tanh().reshape(64, 1);
    var agreeing = Draw.normal(random, 64, 3).add(signs.mul(4));
    var unrelated = Draw.normal(random, 64, 3);
    assertTrue(LOSS.of(agreeing, logits).item() < LOSS.of(unrelated, logits).item());
  }

  /** Targets, masks and the weights of the statistics are constants: frozen for the differences. */
  @Test
  void gradientsAgreeWithDifferencesOfTheFrozenForm() {
    var random = new Random(2);
    var features = Draw.normal(random, 20, 3);
    var logits = Draw.normal(random, 20);
    double confidence = 0.65;
    var p = logits.sigmoid();
    var r = LOSS.posterior(features, p);
    BinaryOperator<Tensor> frozen =
        (f, l) -> {
          var s = LOSS.posterior(f, p);
          var first = entropy(l.sigmoid(), r).mul(mask(r, confidence));
          var second = entropy(s, p).mul(mask(p, confidence));
          return first.add(second.mul(0.7)).mean();
        };
    GradCheck.of(in -> frozen.apply(in[0], in[1]), features, logits).requireBelow(1e-6);
    assertEquals(
        frozen.apply(features, logits).item(), LOSS.of(features, logits, confidence).item(), 1e-12);
    try (var tape = new Tape(0)) {
      var f = tape.watch(features);
      var l = tape.watch(logits);
      var expected = tape.gradients(frozen.apply(f, l));
      var actual = tape.gradients(LOSS.of(f, l, confidence));
      for (var leaf : new Tensor[] {f, l}) {
        assertArrayEquals(
            expected.of(leaf).orElseThrow().toDoubles(),
            actual.of(leaf).orElseThrow().toDoubles(),
            1e-12);
      }
    }
  }

  @Test
  void unsurePositionsDoNotTeach() {
    var features = Draw.normal(new Random(3), 20, 3);
    assertEquals(0, LOSS.of(features, Draw.normal(new Random(4), 20), 1).item());
  }

  private static Tensor entropy(Tensor q, Tensor y) {
    return y.mul(q.log()).add(y.affine(-1, 1).mul(q.affine(-1, 1).log())).neg();
  }

  private static Tensor mask(Tensor q, double confidence) {
    var values = q.toDoubles();
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.max(values[i], 1 - values[i]) >= confidence ? 1 : 0;
    }
    return Tensor.of(values, values.length);
  }
}
