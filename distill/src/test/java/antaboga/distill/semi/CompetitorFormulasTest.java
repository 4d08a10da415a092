// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.GradCheck;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.distill.Draw;
import antaboga.nn.Segmenter;
import antaboga.nn.Weights;
import antaboga.nn.data.MixedBatch;
import antaboga.nn.data.View;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each competitor's formula by hand, on a few pixels. */
class CompetitorFormulasTest {
  /** A student whose logits are what somebody says. */
  private record Saying(UnaryOperator<Tensor> logits) implements Segmenter {
    @Override
    public List<Tap> taps() {
      return List.of();
    }

    @Override
    public Output observe(Tensor image) {
      return new Output(logits.apply(image), Map.of());
    }
  }

  private static Tensor red(Tensor x) {
    return x.slice(1, 0, 1);
  }

  private static Tensor unsure(Tensor x) {
    return red(x).mul(0);
  }

  private static Students students(UnaryOperator<Tensor> current, UnaryOperator<Tensor> average) {
    return new Students(new Saying(current), Weights.init(1), new Saying(average), Weights.init(1));
  }

  private static Tensor pixels(double... values) {
    return Tensor.of(values, 1, 1, 1, values.length);
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static Losses.Term term(Losses losses, String name) {
    return losses.terms().stream().filter(t -> t.name().equals(name)).findFirst().orElseThrow();
  }

  @Test
  void meanTeacherSquaresTheDifferenceToTheAverageOnNoise() {
    var batch = Blobs.batch(1, 3);
    var method =
        new PlainMeanTeacher(
            students(CompetitorFormulasTest::red, CompetitorFormulasTest::unsure),
            0.1,
            new Rampup(2, 10),
            3);
    try (var tape = new Tape(1)) {
      assertFalse(tape.isClosed());
      var term = term(method.of(batch, 5), "consistency");
      assertEquals(0.1 * Math.exp(-5 * 0.25), term.weight(), 1e-12);
      double sum = 0;
      var red = red(batch.unlabelled()).toFloats();
      for (float x : red) {
        sum += Math.pow(sigmoid(x) - 0.5, 2);
      }
      assertEquals(sum / red.length, term.value().item(), 1e-7);
      assertEquals(List.of("supervised"), List.copyOf(method.of(batch, 1).values().keySet()));
    }
  }

  @Test
  void theAverageOfAMeanTeacherSeesNoise() {
    var seen = new ArrayList<float[]>();
    UnaryOperator<Tensor> watching =
        x -> {
          seen.add(x.toFloats());
          return unsure(x);
        };
    var batch = Blobs.batch(1, 3);
    var method = PlainMeanTeacher.of(students(CompetitorFormulasTest::red, watching), 30, 3);
    try (var tape = new Tape(1)) {
      assertEquals(2, method.of(batch, 1).terms().size());
      assertEquals(2, method.of(batch, 2).terms().size());
      assertFalse(tape.isClosed());
    }
    var clean = batch.unlabelled().toFloats();
    double most = 0;
    for (int i = 0; i < clean.length; i++) {
      most = Math.max(most, Math.abs(seen.get(0)[i] - clean[i]));
    }
    assertEquals(0.2, most, 1e-5);
    assertTrue(seen.get(0)[7] != seen.get(1)[7], "another step, other noise");
  }

  @Test
  void uncertaintyLeavesUnsurePixelsOut() {
    var logits = pixels(0, 0, 0);
    var target = pixels(0.9, 0.8, 0.1);
    var mean = pixels(0.99, 0.5, 0.03); // entropies 0.056, 0.693, 0.135
    var loss = UncertaintyAwareMeanTeacher.consistency(logits, target, mean, 0.75 * Math.log(2));
    assertEquals(2 * (0.16 + 0.16) / (2 * 2), loss.item(), 1e-12);
    var none = UncertaintyAwareMeanTeacher.consistency(logits, target, mean, 0);
    assertEquals(0, none.item());
  }

  @Test
  void gradientsAgreeWithDifferences() {
    var random = new Random(1);
    var target = Draw.uniform(random, 0, 1, 2, 1, 3, 3);
    var mean = Draw.uniform(random, 0, 1, 2, 1, 3, 3);
    var region = Regions.hard(Draw.normal(random, 2, 1, 3, 3));
    var logits = Draw.normal(random, 2, 1, 3, 3);
    GradCheck.of(in -> UncertaintyAwareMeanTeacher.consistency(in[0], target, mean, 0.5), logits)
        .requireBelow(1e-6);
    GradCheck.of(in -> Regions.supervised(in[0], target, region), logits).requireBelow(1e-6);
    GradCheck.of(in -> CrossPseudoSupervision.cross(in[0], mean), logits).requireBelow(1e-6);
  }

  @Test
  void crossSupervisionTakesTheOthersMarksForTruth() {
    var loss = CrossPseudoSupervision.cross(pixels(2, -1), pixels(0.1, 3));
    double expected = (-Math.log(sigmoid(2)) - Math.log(sigmoid(-1))) / 2;
    assertEquals(expected, loss.item(), 1e-12);
    try (var tape = new Tape(0)) {
      var f = tape.watch(pixels(2, -1));
      var g = tape.watch(pixels(0.1, 3));
      var gradients = tape.gradients(CrossPseudoSupervision.cross(f, g));
      assertTrue(gradients.of(f).isPresent());
      assertFalse(gradients.of(g).isPresent());
    }
  }

  @Test
  void crossedStudentsStartDifferently() {
    var students = Students.of(TinySegmenter::new, 3);
    var method = CrossPseudoSupervision.of(students, TinySegmenter::new, 30, 3);
    var first = students.weights().all();
    var second = method.weights().all();
    assertEquals(first.size(), second.size());
    assertEquals("second." + first.get(0).name(), second.get(0).name());
    assertTrue(first.get(0).toFloats()[0] != second.get(0).toFloats()[0]);
    try (var tape = new Tape(1)) {
      assertFalse(tape.isClosed());
      var losses = method.of(Blobs.batch(1, 3), 15);
      double weight = 0.1 * Math.exp(-5 * 0.25);
      assertEquals(
          List.of(1.0, 1.0, weight, weight),
          losses.terms().stream().map(Losses.Term::weight).toList());
    }
  }

  @Test
  void regionsCountTheirPixelsAlone() {
    var logits = pixels(0, 0, 40);
    var target = pixels(1, 0, 0);
    var region = pixels(1, 1, 0);
    double dice = 1 - (2 * 0.5 + 1e-5) / (0.25 + 0.25 + 1 + 1e-5);
    assertEquals(dice, Regions.dice(logits, target, region).item(), 1e-12);
    assertEquals(Math.log(2), Regions.crossEntropy(logits, target, region).item(), 1e-12);
    assertEquals(
        (dice + Math.log(2)) / 2, Regions.supervised(logits, target, region).item(), 1e-12);
    var nothing = pixels(0, 0, 0);
    assertEquals(0, Regions.supervised(logits, target, nothing).item(), 1e-12);
  }

  @Test
  void uniMatchWeighsItsViewsAsPublished() {
    var students = Students.of(TinySegmenter::new, 3);
    var method = UniMatch.of(students);
    assertEquals(0.95, method.confidence());
    try (var tape = new Tape(1)) {
      var losses = method.of(Blobs.batch(1, 3), 0);
      assertEquals(
          Map.of("supervised", 0.5, "strong", 0.125, "strong second", 0.125, "features", 0.25),
          losses.terms().stream()
              .collect(java.util.stream.Collectors.toMap(Losses.Term::name, Losses.Term::weight)));
      // nothing is sure yet, so nothing teaches: the smallest Dice of nothing
      assertEquals(0, term(losses, "strong").value().item(), 1e-6);
      assertFalse(tape.isClosed());
    }
  }

  @Test
  void uniMatchNeedsADecoder() {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                UniMatch.of(students(CompetitorFormulasTest::red, CompetitorFormulasTest::unsure)));
    assertTrue(e.toString().contains("Saying has no separate decoder"), e.toString());
  }

  @Test
  void copyPasteBoxesTakeTwoThirdsOfEachSide() {
    for (int seed = 0; seed < 20; seed++) {
      var outside = BidirectionalCopyPaste.outside(9, 12, new SplittableRandom(seed)).toFloats();
      int inside = 0;
      for (float m : outside) {
        inside += m == 0 ? 1 : 0;
      }
      assertEquals(6 * 8, inside);
    }
  }

  @Test
  void copyPasteKeepsTheLargestComponentOfEachImage() {
    var probability = Tensor.of(new double[] {.9, .1, .6, .7, .2, .2, .4, .3}, 2, 1, 1, 4);
    assertArrayEquals(
        new float[] {0, 0, 1, 1, 0, 0, 0, 0},
        BidirectionalCopyPaste.largest(probability).toFloats());
  }

  /** Channel 0 holds the image's number: which student pass sees which pixel of which image. */
  private static MixedBatch numbered() {
    var views = List.of(View.whole("a", true), View.whole("b", true));
    return new MixedBatch(
        Tensor.concat(0, constant(1, 3), constant(2, 3)),
        Tensor.concat(0, constant(1, 1), constant(0, 1)),
        views,
        Tensor.concat(0, constant(3, 3), constant(4, 3)),
        views);
  }

  private static Tensor constant(float value, int channels) {
    var values = new float[channels * 6 * 6];
    java.util.Arrays.fill(values, value);
    return Tensor.of(values, 1, channels, 6, 6);
  }

  @Test
  void copyPasteMixesLabelledImagesFirstAndBothKindsThen() {
    var seen = new ArrayList<Tensor>();
    UnaryOperator<Tensor> watching =
        x -> {
          seen.add(x.detach());
          return unsure(x);
        };
    var method = new BidirectionalCopyPaste(students(watching, x -> unsure(x).add(-9)), 5, 0.5);
    try (var tape = new Tape(1)) {
      // half of it is Dice, of 16 pixels within the box and 20 outside, against masks 0 and 1
      var losses = method.of(numbered(), 0);
      assertEquals(List.of("supervised"), List.copyOf(losses.values().keySet()));
      double ones = 1 - (2 * 20 * 0.5 + 1e-5) / (20 * 0.25 + 20 + 1e-5);
      double zeros = 1 - 1e-5 / (16 * 0.25 + 1e-5);
      double expected = (ones + Math.log(2)) / 2 + (zeros + Math.log(2)) / 2;
      assertEquals(expected, term(losses, "supervised").value().item(), 1e-6);

      var then = method.of(numbered(), 5);
      assertEquals(1, term(then, "supervised").weight());
      assertEquals(0.5, term(then, "pseudo").weight());
      assertFalse(tape.isClosed());
    }
    assertEquals(Map.of(1f, 20L, 2f, 16L), counts(seen.get(0).slice(1, 0, 1)));
    var both = seen.get(1).slice(1, 0, 1);
    assertEquals(Map.of(3f, 20L, 1f, 16L), counts(both.slice(0, 0, 1)));
    assertEquals(Map.of(2f, 20L, 4f, 16L), counts(both.slice(0, 1, 2)));
  }

  private static Map<Float, Long> counts(Tensor image) {
    var counts = new java.util.HashMap<Float, Long>();
    for (float value : image.toFloats()) {
      counts.merge(value, 1L, Long::sum);
    }
    return counts;
  }

  @Test
  void copyPasteRefusesOddBatches() {
    var batch = Blobs.batch(1, 3);
    var odd =
        new MixedBatch(
            batch.labelled().slice(0, 0, 1),
            batch.mask().slice(0, 0, 1),
            batch.labelledViews().subList(0, 1),
            batch.unlabelled(),
            batch.unlabelledViews());
    var method =
        BidirectionalCopyPaste.of(
            students(CompetitorFormulasTest::red, CompetitorFormulasTest::unsure), 8);
    var e = assertThrows(IllegalArgumentException.class, () -> method.of(odd, 0));
    assertTrue(e.toString().contains("1 labelled and 2 unlabelled"), e.toString());
  }

  @Test
  void plainDistillationIsTheSquaredErrorOfTheLedFeature(@TempDir Path cache) throws IOException {
    var students = Students.of(TinySegmenter::new, 3);
    var teacher = TinyTeacher.of(5);
    var method = new PlainDistillation(students, teacher.cachedIn(cache), List.of("stem"), 0.7, 3);
    var batch = Blobs.batch(1, 3);
    var images = Images.all(batch);
    try (var tape = new Tape(1)) {
      var term = term(method.of(batch, 0), "feature");
      assertEquals(0.7, term.weight());
      var feature = students.current().observe(images.tensor()).feature("stem");
      var w = method.weights().all();
      var led = feature.conv2d(w.get(0), w.get(1), antaboga.Window.of(1)).toFloats();
      var maps = teacher.cachedIn(cache).of(images.tensor(), images.views()).at(8).toFloats();
      double sum = 0;
      for (int i = 0; i < led.length; i++) {
        sum += Math.pow(led[i] - maps[i], 2);
      }
      assertEquals(sum / led.length, term.value().item(), 1e-5);
      assertFalse(tape.isClosed());
    }
  }
}
