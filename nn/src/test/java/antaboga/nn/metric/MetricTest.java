// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.metric;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.ShapeException;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MetricTest {
  private static Region random(SplittableRandom random, double share, int... shape) {
    int n = 1;
    for (int size : shape) {
      n *= size;
    }
    var inside = new boolean[n];
    for (int i = 0; i < n; i++) {
      inside[i] = random.nextDouble() < share;
    }
    return Region.of(inside, shape);
  }

  private static Region empty(int... shape) {
    return random(new SplittableRandom(1), 0, shape);
  }

  @Test
  void distanceTransformAgreesWithBruteForce() {
    var random = new SplittableRandom(4);
    for (double share : new double[] {0.01, 0.2, 0.9}) {
      for (var shape : new int[][] {{1, 1}, {7, 9}, {1, 16}, {4, 5, 6}}) {
        var region = random(random, share, shape);
        var spacing = shape.length == 2 ? new double[] {0.7, 2} : new double[] {3, 0.5, 1};
        assertArrayEquals(slow(region, spacing), DistanceTransform.to(region, spacing), 1e-12);
      }
    }
  }

  private static double[] slow(Region region, double[] spacing) {
    int n = region.toBytes().length;
    var out = new double[n];
    for (int i = 0; i < n; i++) {
      out[i] = Double.POSITIVE_INFINITY;
      for (int j = 0; j < n; j++) {
        if (region.contains(j)) {
          out[i] = Math.min(out[i], distance(i, j, region.shape(), spacing));
        }
      }
    }
    return out;
  }

  private static double distance(int i, int j, int[] shape, double[] spacing) {
    double sum = 0;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      double d = (i % shape[axis] - j % shape[axis]) * spacing[axis];
      sum += d * d;
      i /= shape[axis];
      j /= shape[axis];
    }
    return Math.sqrt(sum);
  }

  @Test
  void scoresAreSymmetricAndBounded() {
    var random = new SplittableRandom(8);
    for (int round = 0; round < 20; round++) {
      var a = random(random, 0.1, 9, 11);
      var b = random(random, 0.2, 9, 11);
      for (var metric : List.<Metric>of(new Dice(), new Iou(), new SurfaceDice(1))) {
        double score = metric.of(a, b);
        assertEquals(score, metric.of(b, a), 1e-12, metric.name());
        assertTrue(score >= 0 && score <= 1, metric.name() + " " + score);
        assertEquals(1, metric.of(a, a), metric.name());
      }
      for (var metric : List.<Metric>of(new Hausdorff(), new SurfaceDistance())) {
        assertEquals(metric.of(a, b), metric.of(b, a), 1e-12, metric.name());
        assertEquals(0, metric.of(a, a), metric.name());
      }
    }
  }

  @Test
  void emptyMasksFollowTheProtocol() {
    var none = empty(4, 5);
    var some = random(new SplittableRandom(2), 0.5, 4, 5);
    assertEquals(1, new Dice().of(none, none));
    assertEquals(0, new Dice().of(none, some));
    assertEquals(1, new SurfaceDice(2).of(none, none));
    assertEquals(0, new Hausdorff().of(none, none));
    assertTrue(Double.isNaN(new Hausdorff().of(none, some)));
    assertTrue(Double.isNaN(new SurfaceDistance().of(some, none)));
    assertTrue(Double.isNaN(new Sensitivity().of(some, none)));
  }

  @Test
  void refusesAnEmptyMaskOnRequest() {
    var metric = new SurfaceDistance(true, Connectivity.FACES, EmptyMasks.REFUSED);
    var some = random(new SplittableRandom(2), 0.5, 4, 5);
    var e = assertThrows(IllegalArgumentException.class, () -> metric.of(some, empty(4, 5)));
    assertTrue(e.toString().contains("the truth is empty"), e.toString());
  }

  @Test
  void weightsSurfaceElementsByArea() {
    // a cube of side 4: six faces of 16, twelve edges and eight corners cut off
    var inside = new boolean[8 * 8 * 8];
    for (int i = 0; i < inside.length; i++) {
      int x = i % 8;
      int y = i / 8 % 8;
      int z = i / 64;
      inside[i] = x >= 2 && x < 6 && y >= 2 && y < 6 && z >= 2 && z < 6;
    }
    var areas = SurfaceElements.of(Region.of(inside, 8, 8, 8), new double[] {1, 1, 1}).areas();
    double total = 0;
    for (double area : areas) {
      total += area;
    }
    assertEquals(6 * 9 + 12 * 3 * Math.sqrt(0.5) + 8 * Math.sqrt(3) / 8, total, 1e-9);
  }

  @Test
  void rejectsOtherShapesAndSpacings() {
    assertThrows(ShapeException.class, () -> Pair.of(empty(2, 3), empty(3, 2)));
    assertThrows(ShapeException.class, () -> Pair.of(empty(2, 3), empty(2, 3), 1));
    assertThrows(IllegalArgumentException.class, () -> Pair.of(empty(2, 3), empty(2, 3), 1, -1));
    assertThrows(ShapeException.class, () -> Region.of(new boolean[5], 2, 3));
  }

  @Test
  void findsTheLargestComponentAndItsBox() {
    var region =
        Region.of(
            new byte[] {
              1, 0, 0, 0, 0,
              0, 1, 0, 1, 1,
              0, 0, 0, 1, 1
            },
            3,
            5);
    var faces = region.components(Connectivity.FACES);
    assertEquals(List.of(4, 1, 1), faces.stream().map(Region::count).toList());
    assertEquals(2, region.components(Connectivity.FULL).size());
    assertArrayEquals(new int[] {1, 2, 3, 4}, faces.get(0).bounds().orElseThrow());
  }

  @Test
  void summaryLeavesUndefinedScoresOut() {
    var scores = new double[] {1, Double.NaN, 3};
    assertEquals(new Summary(2, Math.sqrt(2), 2, 1), Summary.of(scores));
    assertEquals(4, Summary.of(scores, new double[] {9, 8, 7}).mean());
  }

  @Test
  void scoresCountUndefinedDistances() {
    var some = random(new SplittableRandom(2), 0.5, 3, 4);
    var scores = Scores.protocol();
    scores.add("a", Pair.of(some, some));
    scores.add("b", Pair.of(empty(3, 4), some));
    assertEquals(0.5, scores.summary("Dice").mean());
    assertEquals(new Summary(0, Double.NaN, 1, 1), scores.summary("HD95"));
    assertEquals(2.5, scores.summaryWithDiagonals("HD95").mean());
    assertEquals(2.0 / 3, scores.overlap().dice(), 1e-12);
    assertThrows(java.util.NoSuchElementException.class, () -> scores.of("HD95 pooled"));
  }

  @Test
  void wilcoxonCountsOutSmallSamples() {
    // scipy.stats.wilcoxon(x, y): p 0.03125 for six differences of one sign
    var x = new double[] {1, 2, 3, 4, 5, 6};
    assertEquals(0.03125, Comparison.wilcoxon(x, new double[6]).p(), 1e-12);
  }

  @Test
  void wilcoxonCorrectsForTiesAndDropsZeros() {
    var x = new double[] {0.1, 0.3, 0.3, -0.2, 0.4, 0, 0.5, 0.1, Double.NaN};
    var result = Comparison.wilcoxon(x, new double[9]);
    assertEquals(WILCOXON_WITH_TIES, result.p(), 1e-9);
    assertEquals(1, result.leftOut());
    assertEquals(8, result.pairs());
  }

  // scipy.stats.wilcoxon(x, method="approx", zero_method="wilcox", correction=False)
  private static final double WILCOXON_WITH_TIES = 0.06203917662384968;

  @Test
  void tTestAgreesWithTables() {
    var x = new double[] {1.1, 2.3, 2.9, 4.2};
    var y = new double[] {1.0, 2.0, 3.0, 4.0};
    assertEquals(T_TEST, Comparison.tTest(x, y).p(), 1e-9);
  }

  // scipy.stats.ttest_rel
  private static final double T_TEST = 0.23944259863600298;

  @Test
  void holmNeverFallsBelowASmallerOne() {
    assertArrayEquals(new double[] {0.03, 0.06, 0.06}, Comparison.holm(0.01, 0.04, 0.03), 1e-12);
  }

  @Test
  void bootstrapResamplesWholeGroups() {
    var scores = new double[] {0, 0, 0, 1, 1, 1};
    var alike = List.of("a", "a", "a", "b", "b", "b");
    var apart = List.of("a", "b", "c", "d", "e", "f");
    var wide = Comparison.interval(scores, alike, 0.95, 2000, 1);
    var narrow = Comparison.interval(scores, apart, 0.95, 2000, 1);
    assertEquals(new Comparison.Interval(0, 1), wide);
    assertTrue(narrow.high() - narrow.low() < 1, narrow.toString());
    assertEquals(narrow, Comparison.interval(scores, apart, 0.95, 2000, 1));
  }
}
