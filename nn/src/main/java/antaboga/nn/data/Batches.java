// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import antaboga.Tensor;
import antaboga.kernel.Workers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Batches of labelled images. Which images a step sees, and how they are laid, is a function of
 * seed and step; every image comes once in each pass over the data.
 */
public final class Batches {
  private final List<Sample> samples;
  private final ImageStore store;
  private final Augment augment;
  private final Order order;

  /**
   * Batches of {@code size} images; a list that is shorter than a batch repeats.
   *
   * @throws IllegalArgumentException if there are no samples, or size is not positive
   */
  public Batches(List<Sample> samples, int size, ImageStore store, Augment augment) {
    this.samples = List.copyOf(samples);
    this.store = store;
    this.augment = augment;
    this.order = new Order("samples", samples.size(), size);
  }

  /**
   * The batch of a step.
   *
   * @throws IOException if a file cannot be read
   */
  public Batch batch(long step, long seed) throws IOException {
    var items = Arrays.stream(order.of(step, seed)).mapToObj(samples::get).toList();
    var pictures = items.stream().map(Sample::picture).toList();
    var loaded = load(pictures, store, augment, Seeds.of(seed, step));
    int area = store.size() * store.size();
    var values = new float[items.size() * area];
    parallel(
        items.size(),
        i -> store.placeMask(items.get(i).mask(), loaded.views().get(i), values, i * area));
    var mask = Tensor.of(values, items.size(), 1, store.size(), store.size());
    return new Batch(loaded.image(), mask, loaded.views());
  }

  /** Images of a step and how they stand. */
  record Loaded(Tensor image, List<View> views) {}

  static Loaded load(List<Picture> pictures, ImageStore store, Augment augment, long seed)
      throws IOException {
    int n = pictures.size();
    int block = 3 * store.size() * store.size();
    var values = new float[n * block];
    var views = new View[n];
    parallel(
        n,
        i -> {
          Path file = pictures.get(i).image();
          views[i] = augment.draw(pictures.get(i).name(), store.isGrey(file), Seeds.of(seed, i));
          store.place(file, views[i], values, i * block);
        });
    return new Loaded(Tensor.of(values, n, 3, store.size(), store.size()), List.of(views));
  }

  private interface Task {
    void run(int i) throws IOException;
  }

  private static void parallel(int tasks, Task task) throws IOException {
    try {
      Workers.run(
          tasks,
          i -> {
            try {
              task.run(i);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
