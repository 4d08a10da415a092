// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * How a scan is cut into blocks of threads; see selective_scan.cu for the words.
 *
 * @param perThread states of a thread
 * @param channels of a block: 8, 16 or 32
 * @param steps of a tile: 4, 8 or 16
 * @param chunks of the time axis
 */
record ScanPlan(
    ScanGeometry geometry, DataType type, int perThread, int channels, int steps, int chunks) {
  private static final int LANES = 32;
  private static final int MOST_THREADS = 1024;
  private static final int MOST_SHARED = 48 << 10; // bytes that every device has for a block
  private static final int MOST_RANK = 64;

  /** A chunk shorter than this is not worth a second pass over it. */
  private static final int LEAST_TILES = 4;

  /**
   * A plan for a device of so many multiprocessors; empty where a block cannot hold the states.
   * Blocks are as wide as they can be while there are two for each multiprocessor, since sums over
   * the channels are then cheapest. The time axis is cut only where channels do not suffice: that
   * doubles the exponentials.
   */
  static Optional<ScanPlan> of(ScanGeometry geometry, DataType type, int processors) {
    for (int channels = LANES; channels >= 8; channels /= 2) {
      var plan = new ScanPlan(geometry, type, 1, channels, 16, 1).withStates();
      boolean idle = channels / 2 >= geometry.channels() && channels > 8;
      boolean few = plan.blocks() < 1.9 * processors && channels > 8;
      boolean large = plan.threads() > 256 && channels > 8;
      if (!idle && !few && !large) {
        return plan.fitting(processors);
      }
    }
    return Optional.empty();
  }

  /** Fewer threads of more states each where there are many states. */
  private ScanPlan withStates() {
    int single = type == DataType.FLOAT ? 2 : 1;
    int most =
        geometry.states() <= 32 * single ? single : geometry.states() <= 128 ? 2 * single : 4;
    return with(Math.min(most, geometry.states()), channels, steps, chunks);
  }

  private Optional<ScanPlan> fitting(int processors) {
    var plan = this;
    if (plan.blocks() < processors) {
      int wanted = (int) ((4L * processors + blocks() - 1) / blocks());
      int most = Math.max(1, tiles() / LEAST_TILES);
      plan = with(perThread, channels, steps, Math.min(wanted, most));
    }
    while (plan.shared() > MOST_SHARED && plan.steps > 4) {
      plan = plan.with(perThread, channels, plan.steps / 2, plan.chunks);
    }
    boolean fits =
        plan.threads() <= MOST_THREADS
            && plan.shared() <= MOST_SHARED
            && geometry.rank() <= MOST_RANK;
    return fits ? Optional.of(plan) : Optional.empty();
  }

  /** Another cut of the same scan. */
  ScanPlan with(int perThread, int channels, int steps, int chunks) {
    return new ScanPlan(geometry, type, perThread, channels, steps, chunks);
  }

  private static int ceil(int x, int y) {
    return (x + y - 1) / y;
  }

  int bytes() {
    return type == DataType.FLOAT ? Float.BYTES : Double.BYTES;
  }

  int stateGroups() {
    int together = LANES / channels;
    return ceil(ceil(geometry.states(), perThread), together) * together;
  }

  int threads() {
    return stateGroups() * channels;
  }

  int slabs() {
    return ceil(geometry.channels(), channels);
  }

  /** Slabs of all groups of all batches. */
  int rows() {
    return Math.toIntExact((long) geometry.batches() * geometry.groups() * slabs());
  }

  private long blocks() {
    return (long) geometry.batches() * geometry.groups() * slabs();
  }

  int tiles() {
    return ceil(geometry.length(), steps);
  }

  int tilesPerChunk() {
    return ceil(tiles(), chunks);
  }

  /** Chunks that have a tile. */
  int usedChunks() {
    return ceil(tiles(), tilesPerChunk());
  }

  /** States of a row's block, with those that only fill up. */
  long blockStates() {
    return (long) stateGroups() * perThread * channels;
  }

  /** Bytes of shared memory that the backward kernel takes, the largest. */
  int shared() {
    int padded = stateGroups() * perThread;
    int warps = threads() / LANES;
    int cells = steps * (channels + 1);
    int factors = Math.max(1, geometry.rank());
    int elements =
        2 * cells // delta and x
            + 2 * steps * padded // B and C
            + 3 * warps * cells // y, s, r
            + steps * factors
            + channels * factors
            + 2 * cells // gradient and scratch
            + 2 * steps * (padded + 1); // sums for B and C
    return elements * bytes() + 256; // alignment
  }

  /** Whether a thread's own cells can travel in packs. */
  boolean packed() {
    int own = ceil(steps * channels, threads());
    int pack = own % 4 == 0 && type == DataType.FLOAT ? 4 : own % 2 == 0 ? 2 : 1;
    var u = geometry.u();
    long across = timeFast() ? u.channel() : u.time();
    return across % pack == 0
        && u.batch() % pack == 0
        && u.group() % pack == 0
        && (!geometry.shared() || geometry.channels() % pack == 0);
  }

  boolean timeFast() {
    return geometry.u().channel() != 1 || geometry.u().time() == 1;
  }

  /** The compiler's options. */
  List<String> options(boolean softplus, boolean gate) {
    var options = new ArrayList<String>();
    options.add("-DREAL=" + (type == DataType.FLOAT ? "float" : "double"));
    options.add("-DSTATES=" + geometry.states());
    options.add("-DPER_THREAD=" + perThread);
    options.add("-DCHANNELS=" + channels);
    options.add("-DSTEPS=" + steps);
    options.add("-DRANK=" + geometry.rank());
    options.add("-DSOFTPLUS=" + number(softplus));
    options.add("-DGATE=" + number(gate));
    options.add("-DCONST_B=" + number(geometry.constantB()));
    options.add("-DCONST_C=" + number(geometry.constantC()));
    options.add("-DTIME_FAST=" + number(timeFast()));
    return options;
  }

  private static int number(boolean x) {
    return x ? 1 : 0;
  }
}
