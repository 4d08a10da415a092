// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import java.util.SplittableRandom;

/**
 * Which of n items stand in the batch of a step: a new random order in every pass over the data, so
 * that each item comes once per pass. A function of seed and step, with nothing to be saved.
 */
final class Order {
  private final int n;
  private final int batch;

  Order(String what, int n, int batch) {
    if (n < 1 || batch < 1) {
      throw new IllegalArgumentException(
          "batches of %d from %d %s, expected at least 1 and 1".formatted(batch, n, what));
    }
    this.n = n;
    this.batch = batch;
  }

  int[] of(long step, long seed) {
    if (step < 0) {
      throw new IllegalArgumentException("batch of step " + step + ", expected 0 or more");
    }
    var items = new int[batch];
    long pass = -1;
    var shuffled = new int[0];
    for (int i = 0; i < batch; i++) {
      long position = Math.addExact(Math.multiplyExact(step, (long) batch), i);
      if (position / n != pass) { // a batch may begin in one pass and end in the next
        pass = position / n;
        shuffled = shuffled(seed, pass);
      }
      items[i] = shuffled[(int) (position % n)];
    }
    return items;
  }

  private int[] shuffled(long seed, long pass) {
    var random = new SplittableRandom(Seeds.of(seed, pass));
    var order = new int[n];
    for (int i = 0; i < n; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }
}
