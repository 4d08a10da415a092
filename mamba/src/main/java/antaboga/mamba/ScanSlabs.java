// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

/**
 * How the channels of a scan are cut into slabs, and time into chunks. A slab of one group in one
 * batch is the work of one task; groups that share u are scanned one after another by one task,
 * since they add up.
 *
 * <p>Slabs are as many as there are threads, so that each reads wide rows. What is summed over
 * channels is summed over bundles, which are a function of the sizes alone: threads do not change
 * it.
 *
 * @param lanes channels of a vector
 * @param bundle channels of a bundle
 * @param channels of a slab, whole bundles
 * @param steps of a chunk
 */
record ScanSlabs(ScanGeometry geometry, int lanes, int bundle, int channels, int steps) {
  /** Channels of a slab at most, so that its rows stay in the second cache. */
  private static final int WIDEST = 1024;

  /** Vectors of a bundle at most, so that their rows stay in the second cache. */
  private static final int LARGEST = 24;

  /** For a forward scan, which sums nothing over channels. */
  static ScanSlabs forward(ScanGeometry geometry, int lanes, int steps, int threads) {
    return cut(geometry, lanes, 1, steps, threads);
  }

  /** For a backward scan. */
  static ScanSlabs backward(ScanGeometry geometry, int lanes, int steps, int threads) {
    int bundle = bundle(ceil(geometry.channels(), lanes), ceil(4, others(geometry)));
    return cut(geometry, lanes, bundle, steps, threads);
  }

  /** Large bundles waste least, but {@code parts} threads are to share them alike. */
  private static int bundle(int vectors, int parts) {
    int best = 2;
    for (int size = 4; size <= Math.min(LARGEST, ceil(vectors, 2) * 2); size += 2) {
      if (cost(vectors, size, parts) <= cost(vectors, best, parts)) {
        best = size;
      }
    }
    return best;
  }

  /** Of the thread that has most bundles; a bundle's sums take half as long as a vector. */
  private static double cost(int vectors, int size, int parts) {
    return ceil(ceil(vectors, size), parts) * (size + 0.5);
  }

  private static ScanSlabs cut(
      ScanGeometry geometry, int lanes, int vectors, int steps, int threads) {
    int bundle = vectors * lanes;
    int bundles = ceil(geometry.channels(), bundle);
    int others = others(geometry);
    int cuts = others >= threads ? 1 : ceil(threads, others);
    int fewest = ceil(bundles, Math.max(1, WIDEST / bundle));
    int each = ceil(bundles, Math.min(bundles, ceil(fewest, cuts) * cuts));
    return new ScanSlabs(geometry, lanes, bundle, each * bundle, steps);
  }

  private static int others(ScanGeometry geometry) {
    return geometry.batches() * (geometry.shared() ? 1 : geometry.groups());
  }

  private static int ceil(int x, int y) {
    return (x + y - 1) / y;
  }

  /** Slabs of one group in one batch. */
  int count() {
    return ceil(geometry.channels(), channels);
  }

  int tasks() {
    return others(geometry) * count();
  }

  /** The first place of a task; where groups are scanned together, their first. */
  Place place(int task) {
    int slab = task % count();
    int apart = geometry.shared() ? 1 : geometry.groups();
    return new Place(this, task / count() / apart, task / count() % apart, slab);
  }

  int chunks() {
    return ceil(geometry.length(), steps);
  }

  /** Time steps of a chunk. */
  int steps(int chunk) {
    return Math.min(steps, geometry.length() - chunk * steps);
  }

  /** Floats of the states of all channels of a group at one chunk border. */
  private long border() {
    return (long) ceil(geometry.channels(), lanes) * lanes * geometry.states();
  }

  /** Floats of the states at all borders. */
  long borders() {
    return (long) geometry.batches() * geometry.groups() * chunks() * border();
  }

  /** Bundles of one group in one batch. */
  int bundles() {
    return ceil(geometry.channels(), bundle);
  }

  /** Chunks of the sums over the channels of each bundle. */
  long partials() {
    return (long) geometry.batches() * geometry.groups() * bundles() * chunks();
  }

  /** Number of a bundle's chunk of sums; its next chunks follow. */
  long partial(int batch, int group, int bundle, int chunk) {
    long place = ((long) batch * geometry.groups() + group) * bundles() + bundle;
    return place * chunks() + chunk;
  }

  /** One slab of one group in one batch. */
  record Place(ScanSlabs slabs, int batch, int group, int slab) {
    Place group(int g) {
      return new Place(slabs, batch, g, slab);
    }

    /** Its first channel in the group. */
    int first() {
      return slab * slabs.channels;
    }

    /** Its channels. */
    int count() {
      return Math.min(slabs.channels, slabs.geometry.channels() - first());
    }

    /** Vectors that hold its channels. */
    int vectors() {
      return ceil(count(), slabs.lanes);
    }

    /** Number of its first channel among all of the batch. */
    int channel() {
      return group * slabs.geometry.channels() + first();
    }

    /** Number of its first channel among those of all batches. */
    long row() {
      return (long) batch * slabs.geometry.width() + channel();
    }

    /** Where its states at a chunk border begin, however channels are cut. */
    long border(int chunk) {
      long place = (long) batch * slabs.geometry.groups() + group;
      long before = (long) first() * slabs.geometry.states();
      return (place * slabs.chunks() + chunk) * slabs.border() + before;
    }

    /** Floats of its states at a chunk border. */
    int borderSize() {
      return vectors() * slabs.lanes * slabs.geometry.states();
    }

    /** Number of its first bundle in the group. */
    int bundle() {
      return first() / slabs.bundle;
    }

    /** Its bundles. */
    int bundles() {
      return ceil(count(), slabs.bundle);
    }
  }
}
