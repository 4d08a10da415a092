// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import antaboga.Tensor;
import antaboga.nn.Layer;
import antaboga.nn.data.MixedBatch;
import java.util.ArrayList;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class StrongViewsTest {
  private final MixedBatch batch = Blobs.batch(1, 1);

  private static Tensor full(double value, long images) {
    var values = new float[(int) images * Blobs.SIZE * Blobs.SIZE];
    java.util.Arrays.fill(values, (float) value);
    return Tensor.of(values, images, 1, Blobs.SIZE, Blobs.SIZE);
  }

  @Test
  void theSameSeedGivesTheSameLook() {
    var targets = full(1, batch.unlabelled().size(0));
    var seen = new ArrayList<Tensor>();
    Layer student =
        x -> {
          seen.add(x);
          return x.slice(1, 0, 1).affine(0, 0);
        };
    double first = StrongViews.of(student, batch, targets, new SplittableRandom(3)).item();
    double again = StrongViews.of(student, batch, targets, new SplittableRandom(3)).item();
    double other = StrongViews.of(student, batch, targets, new SplittableRandom(4)).item();
    assertEquals(first, again);
    assertNotEquals(first, other);
    var clean = Images.all(batch).tensor().toFloats();
    assertEquals(clean.length, seen.get(0).toFloats().length);
    assertNotEquals(clean[0], seen.get(0).toFloats()[0]);
  }

  @Test
  void itIsZeroForAStudentThatIsRightEverywhere() {
    var labelled = batch.mask().size(0);
    var all =
        new MixedBatch(
            batch.labelled(),
            full(1, labelled),
            batch.labelledViews(),
            batch.unlabelled(),
            batch.unlabelledViews());
    var targets = full(1, batch.unlabelled().size(0));
    Layer sure = x -> x.slice(1, 0, 1).affine(0, 30);
    assertEquals(0, StrongViews.of(sure, all, targets, new SplittableRandom(3)).item(), 1e-5);
  }

  @Test
  void everyPixelIsTaughtByWhereItCameFrom() {
    var labelled = batch.mask().size(0);
    var all =
        new MixedBatch(
            batch.labelled(),
            full(1, labelled),
            batch.labelledViews(),
            batch.unlabelled(),
            batch.unlabelledViews());
    Layer sure = x -> x.slice(1, 0, 1).affine(0, 30);
    var none = full(0, batch.unlabelled().size(0));
    double wrong = 0;
    for (int seed = 0; seed < 8; seed++) {
      wrong += StrongViews.of(sure, all, none, new SplittableRandom(seed)).item() / 8;
    }
    // half of the pixels are wrong, whoever was pasted into whom: cross entropy 15, Dice 1/3
    assertEquals(0.5 * (15 + 1 / 3.0), wrong, 1.5);
  }
}
