// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Tensor;
import antaboga.nn.data.MixedBatch;
import antaboga.nn.data.Orientation;
import antaboga.nn.data.View;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Noisy 32 x 32 images of one bright disc each; the disc is the lesion. */
final class Blobs {
  static final int SIZE = 32;
  private static final int LABELLED = 4;
  private static final int ALL = 12;
  private static final List<Orientation> LAYINGS = List.of(Orientation.values());

  private Blobs() {}

  /** Two labelled and two unlabelled images, laid at random: a function of step and seed. */
  static MixedBatch batch(long step, long seed) {
    var random = new SplittableRandom(31 * seed + step);
    var images = new ArrayList<Tensor>();
    var masks = new ArrayList<Tensor>();
    var views = new ArrayList<View>();
    for (int i = 0; i < 4; i++) {
      int number = i < 2 ? random.nextInt(LABELLED) : LABELLED + random.nextInt(ALL - LABELLED);
      var orientation = LAYINGS.get(random.nextInt(8));
      images.add(orientation.of(image(number)));
      masks.add(orientation.of(mask(number)));
      views.add(new View("blob" + number, true, orientation, View.Crop.WHOLE));
    }
    return new MixedBatch(
        Tensor.concat(0, images.subList(0, 2)),
        Tensor.concat(0, masks.subList(0, 2)),
        views.subList(0, 2),
        Tensor.concat(0, images.subList(2, 4)),
        views.subList(2, 4));
  }

  /** A whole batch of upright images, labelled and unlabelled. */
  static Tensor images(List<Integer> numbers) {
    return Tensor.concat(0, numbers.stream().map(Blobs::image).toList());
  }

  static Tensor image(int number) {
    var noise = new SplittableRandom(number);
    var inside = inside(number);
    var values = new float[3 * SIZE * SIZE];
    for (int i = 0; i < SIZE * SIZE; i++) {
      float grey = (inside[i] ? 0.7f : 0.2f) + 0.2f * noise.nextFloat();
      for (int c = 0; c < 3; c++) {
        values[c * SIZE * SIZE + i] = grey;
      }
    }
    return Tensor.of(values, 1, 3, SIZE, SIZE);
  }

  static Tensor mask(int number) {
    var inside = inside(number);
    var values = new float[SIZE * SIZE];
    for (int i = 0; i < values.length; i++) {
      values[i] = inside[i] ? 1 : 0;
    }
    return Tensor.of(values, 1, 1, SIZE, SIZE);
  }

  private static boolean[] inside(int number) {
    var random = new SplittableRandom(1000 + number);
    double x = random.nextDouble(10, 22);
    double y = random.nextDouble(10, 22);
    double radius = random.nextDouble(6, 9);
    var inside = new boolean[SIZE * SIZE];
    for (int i = 0; i < inside.length; i++) {
      int row = i / SIZE;
      inside[i] = Math.hypot(i % SIZE - x, row - y) < radius;
    }
    return inside;
  }
}
