// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import antaboga.Tensor;
import antaboga.nn.Layer;
import antaboga.nn.data.MixedBatch;
import antaboga.nn.data.Orientation;
import java.util.ArrayList;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class StrongViewsTest {
  private final MixedBatch batch = Blobs.batch(1, 1);
  private final Tensor all = Images.all(batch).tensor();

  private static Tensor full(double value, long images) {
    var values = new float[(int) images * Blobs.SIZE * Blobs.SIZE];
    java.util.Arrays.fill(values, (float) value);
    return Tensor.of(values, images, 1, Blobs.SIZE, Blobs.SIZE);
  }

  private static double loss(Layer student, Tensor images, Tensor targets, long seed) {
    var taught = new StrongViews.Taught(images, targets);
    return StrongViews.of(student, taught, new SplittableRandom(seed)).item();
  }

  @Test
  void theSameSeedGivesTheSameLook() {
    var targets = Tensor.concat(0, batch.mask(), full(1, batch.unlabelled().size(0)));
    var seen = new ArrayList<Tensor>();
    Layer student =
        x -> {
          seen.add(x);
          return x.slice(1, 0, 1).affine(0, 0);
        };
    double first = loss(student, all, targets, 3);
    double again = loss(student, all, targets, 3);
    double other = loss(student, all, targets, 4);
    assertEquals(first, again);
    assertNotEquals(first, other);
    assertEquals(all.shape(), seen.get(0).shape());
  }

  @Test
  void itIsZeroForAStudentThatIsRightEverywhere() {
    Layer sure = x -> x.slice(1, 0, 1).affine(0, 30);
    assertEquals(0, loss(sure, all, full(1, all.size(0)), 3), 1e-5);
  }

  @Test
  void everyPixelIsTaughtByWhereItCameFrom() {
    Layer sure = x -> x.slice(1, 0, 1).affine(0, 30);
    var half = Tensor.concat(0, full(1, batch.mask().size(0)), full(0, 2));
    double wrong = 0;
    for (int seed = 0; seed < 8; seed++) {
      wrong += loss(sure, all, half, seed) / 8;
    }
    // half of the pixels are wrong, whoever was pasted into whom: cross entropy 15, Dice 1/3
    assertEquals(0.5 * (15 + 1 / 3.0), wrong, 1.5);
  }

  @Test
  void anImageInWhichNothingIsMarkedDoesNotTeach() {
    var q = Tensor.concat(0, full(0.4, 1), full(0.4, 1).add(Blobs.mask(3).mul(0.2)));
    var taught = StrongViews.Taught.of(batch, q);
    var second = batch.unlabelled().slice(0, 1, 2);
    assertArrayEquals(
        Tensor.concat(0, batch.labelled(), second).toFloats(), taught.images().toFloats());
    assertArrayEquals(
        Tensor.concat(0, batch.mask(), q.slice(0, 1, 2)).toFloats(), taught.target().toFloats());
    var labelled = StrongViews.Taught.of(batch, full(0.5, 2));
    assertArrayEquals(batch.labelled().toFloats(), labelled.images().toFloats());
  }

  @Test
  void theMeanOverLayingsLiesAsTheImageDoes() {
    var students = Students.of(TinySegmenter::new, 3);
    var x = batch.unlabelled();
    var q = students.averageOfLayings(x);
    for (var laying : Orientation.values()) {
      var laid = laying.of(students.averageOfLayings(laying.inverse().of(x)));
      assertArrayEquals(q.toFloats(), laid.toFloats(), 1e-5f);
    }
    assertNotEquals(q.toFloats()[5], students.averageOf(x).toFloats()[5]);
  }
}
