// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

/**
 * How the channels of a scan are cut into slabs, and time into chunks. A slab of one group in one
 * batch is the work of one task; groups that share u are scanned one after another by one task,
 * since they add up.
 *
 * @param lanes channels that are scanned together; slabs begin at multiples of it
 * @param channels of a slab
 * @param steps of a chunk
 */
record ScanSlabs(ScanGeometry geometry, int lanes, int channels, int steps) {
  /** Channels of a slab at most, so that its rows stay in the second cache. */
  private static final int WIDEST = 512;

  /** Slabs that a backward scan is cut into where there are channels enough. */
  private static final int TASKS = 8;

  /** Vectors of a slab of a backward scan at least, since each slab sums up its lanes. */
  private static final int NARROWEST = 6;

  /** Vectors of a slab of a backward scan at most: it keeps more rows than a forward scan. */
  private static final int WIDEST_BACKWARD = 16;

  /** For work without sums over slabs: each thread has its share. */
  static ScanSlabs forward(ScanGeometry geometry, int lanes, int steps, int threads) {
    int vectors = ceil(geometry.channels(), lanes);
    int others = others(geometry);
    int cuts = others >= threads ? 1 : ceil(threads, others);
    int fewest = ceil(vectors, Math.max(1, WIDEST / lanes));
    int each = ceil(vectors, Math.min(vectors, ceil(fewest, cuts) * cuts));
    return new ScanSlabs(geometry, lanes, each * lanes, steps);
  }

  /** For sums over slabs: a function of the sizes alone, so that threads do not change them. */
  static ScanSlabs backward(ScanGeometry geometry, int lanes, int steps) {
    int vectors = ceil(geometry.channels(), lanes);
    int each = Math.max(NARROWEST, ceil(vectors, ceil(TASKS, others(geometry))));
    int even = ceil(Math.min(each, WIDEST_BACKWARD), 2) * 2;
    return new ScanSlabs(geometry, lanes, Math.min(even, vectors) * lanes, steps);
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

  /** Vectors of a slab. */
  int vectors() {
    return channels / lanes;
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

  /** Rows of the sums over the channels of each slab, one for each time step. */
  long partials() {
    return (long) geometry.batches() * geometry.groups() * count() * geometry.length();
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

    /** Row of its partial sums at a step. */
    long partial(int from) {
      long place = ((long) batch * slabs.geometry.groups() + group) * slabs.count() + slab;
      return place * slabs.geometry.length() + from;
    }
  }
}
