// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * Batches of labelled and unlabelled images; see {@link Batches}. The two lists are gone through
 * independently, so that a short list of labelled images repeats with fresh augmentation.
 */
public final class MixedBatches {
  private static final long UNLABELLED = 1; // tells the second stream's seeds from the first's

  private final Batches labelled;
  private final List<Picture> unlabelled;
  private final ImageStore store;
  private final Augment augment;
  private final Order order;

  /**
   * Batches of {@code labelledSize} and {@code unlabelledSize} images.
   *
   * @throws IllegalArgumentException if a list is empty, or a size is not positive
   */
  public MixedBatches(
      List<Sample> labelled,
      int labelledSize,
      List<Picture> unlabelled,
      int unlabelledSize,
      ImageStore store,
      Augment augment) {
    this.labelled = new Batches(labelled, labelledSize, store, augment);
    this.unlabelled = List.copyOf(unlabelled);
    this.store = store;
    this.augment = augment;
    this.order = new Order("unlabelled images", unlabelled.size(), unlabelledSize);
  }

  /**
   * The batch of a step.
   *
   * @throws IOException if a file cannot be read
   */
  public MixedBatch batch(long step, long seed) throws IOException {
    var known = labelled.batch(step, seed);
    long own = Seeds.of(seed, UNLABELLED);
    var items = Arrays.stream(order.of(step, own)).mapToObj(unlabelled::get).toList();
    var guess = Batches.load(items, store, augment, Seeds.of(own, step));
    return new MixedBatch(known.image(), known.mask(), known.views(), guess.image(), guess.views());
  }
}
