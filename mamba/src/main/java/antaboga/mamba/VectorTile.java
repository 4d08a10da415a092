// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.kernel.Scratch;
import antaboga.kernel.Tiles;
import antaboga.kernel.VectorLanes;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * The working set of {@link VectorScan}: a slab of channels over at most {@link #STEPS} time steps.
 * Vectors of channels are scanned in pairs, which share the loads of B and C; an odd one has zeros
 * beside it.
 *
 * <ul>
 *   <li>Rows (u, raw, …) have all channels of a time step side by side, as the arrays do. Outputs
 *       and gradients take the places of their inputs, which are near by then.
 *   <li>Pair rows (delta, x, …) have the two vectors of a pair, one time step after another; the
 *       pairs of one bundle, since bundles are scanned one after another.
 *   <li>Columns (a, h, …) have one vector for each state, one vector of channels after another.
 *   <li>Tracks (decay, history) have one vector for each time step: four states of a pair.
 *   <li>B and C have for each segment of {@value #SEGMENT} states a row for each time step.
 * </ul>
 *
 * <p>All strides of inner loops are constants, since only then are the bounds of a loop checked
 * once.
 */
final class VectorTile {
  static final VectorSpecies<Float> SPECIES = VectorLanes.FLOAT;

  /** Lanes of a vector: channels that are scanned together. */
  static final int LANES = SPECIES.length();

  /** Time steps of a tile. */
  static final int STEPS = 32;

  /** States that are scanned together. */
  static final int BLOCK = 4;

  static final int SEGMENT = 16;

  /** Floats of a time step of a pair. */
  static final int PAIR = 2 * LANES;

  /** From a pair's rows to the next one's. */
  static final int ROWS = STEPS * PAIR;

  /** From a vector's track to the next one's: before the first step and after each. */
  static final int TRACK = (STEPS + 1) * LANES;

  /** From a state's tracks to the next one's. */
  static final int TRACKS = 2 * TRACK;

  /** From a state's sums over the channels, a vector for each time step, to the next one's. */
  static final int SUMS = STEPS * LANES;

  final int pairs;
  final int states;
  final int rank;
  final int bundle; // vectors whose sums are one
  final int width; // floats of a row

  final float[] u;
  final float[] raw; // delta before bias and softplus
  final float[] z;
  final float[] dy;

  final float[] e; // e^-|raw + bias|, for softplus and its slope
  final float[] delta; // δ', after softplus
  final float[] x; // δ' u
  final float[] sum; // of C h and D u
  final float[] g; // gradient of the sum
  final float[] s; // Σ e B over the states
  final float[] r; // Σ q A over the states, then the gradient of raw

  private final List<StateSums> overStates; // of sum, s and r

  final float[] a;
  final float[] a2; // A log2 e
  final float[] h; // state before the tile's first step
  final float[] lambda; // gradient of the state after the tile's last step
  final float[] da;
  final float[] columnB; // constant B and C, and the sums of their gradients
  final float[] columnC;
  final float[] dcolumnB;
  final float[] dcolumnC;

  // one float for each channel
  final float[] d;
  final float[] bias;
  final float[] dd;
  final float[] dbias;
  final float[] steepest; // largest |A log2 e| of the states

  final float[] b; // segments
  final float[] c;
  final float[] factors; // rows of R factors of delta
  final float[] weights; // columns that turn them into delta
  final float[] dweights;
  final float[] dfactors; // a vector for each factor and time step, to be summed over its lanes

  final float[] decay = new float[BLOCK * TRACKS]; // and then, backwards, λ
  final float[] history; // the state before each step and after the last
  final float[] db; // sums of a block, to be summed over their lanes
  final float[] dc;
  final float[] dbLines; // for each bundle and state a line of all time steps
  final float[] dcLines;
  final float[] dfactorLines; // and for each factor
  private final float[] spreadB; // B in all lanes, for states that are scanned one by one
  private final float[] spreadC;
  private final float[] rowsOfStates;

  /** For each vector whether all its exponents of two are at most {@link VectorPower#GENTLE}. */
  final boolean[] gentle;

  /** Vectors and time steps that are in use. */
  int vectors;

  int steps;

  /** First of the states that are scanned one by one: where lanes differ in B or C, the first. */
  private int singles;

  /** A tile for so many vectors in bundles of so many. */
  VectorTile(int vectors, int bundle, int states, int rank, boolean backward) {
    pairs = (vectors + 1) / 2;
    this.bundle = bundle;
    this.states = states;
    this.rank = rank;
    width = pairs * PAIR;
    int floats = STEPS * width;
    int rows = (bundle + 1) / 2 * ROWS;
    int pairRows = backward ? rows : 0;
    int bundles = backward ? (vectors + bundle - 1) / bundle : 0;
    int columns = width * states;
    int sums = backward ? columns : 0;
    int padded = (states + SEGMENT - 1) / SEGMENT * SEGMENT * STEPS;
    u = new float[floats];
    raw = new float[floats];
    z = new float[floats];
    dy = new float[backward ? floats : 0];
    e = new float[rows];
    delta = new float[rows];
    x = new float[rows];
    sum = new float[rows];
    g = new float[pairRows];
    s = new float[pairRows];
    r = new float[pairRows];
    overStates = Stream.of(sum, s, r).map(x -> new StateSums(x, states)).toList();
    a = new float[columns];
    a2 = new float[columns];
    h = new float[columns];
    columnB = new float[columns];
    columnC = new float[columns];
    lambda = new float[sums];
    da = new float[sums];
    dcolumnB = new float[sums];
    dcolumnC = new float[sums];
    d = new float[width];
    bias = new float[width];
    dd = new float[width];
    dbias = new float[width];
    steepest = new float[width];
    b = new float[padded];
    c = new float[padded];
    factors = new float[STEPS * rank];
    weights = new float[width * rank];
    dweights = new float[backward ? width * rank : 0];
    dfactors = new float[backward ? STEPS * LANES * rank : 0];
    dfactorLines = new float[bundles * STEPS * rank];
    history = new float[backward ? BLOCK * TRACKS : 0];
    db = new float[backward ? BLOCK * SUMS : 0];
    dc = new float[backward ? BLOCK * SUMS : 0];
    dbLines = new float[bundles * STEPS * states];
    dcLines = new float[bundles * STEPS * states];
    spreadB = new float[states * STEPS * LANES];
    spreadC = new float[states * STEPS * LANES];
    rowsOfStates = new float[states * STEPS];
    gentle = new boolean[2 * pairs];
  }

  boolean fits(int vectors, int bundle, int states, int rank) {
    return pairs == (vectors + 1) / 2
        && this.bundle == bundle
        && this.states == states
        && this.rank == rank;
  }

  static FloatVector load(float[] from, int at) {
    return FloatVector.fromArray(SPECIES, from, at);
  }

  static FloatVector broadcast(float x) {
    return FloatVector.broadcast(SPECIES, x);
  }

  /** Adds a tile's sum to that of all tiles, so that long sums lose little. */
  static void add(FloatVector sum, float[] to, int at) {
    load(to, at).add(sum).intoArray(to, at);
  }

  /** A state's place in the first row of its segment. */
  static int segment(int n) {
    return n / SEGMENT * STEPS * SEGMENT + n % SEGMENT;
  }

  /** Where a vector's pair rows begin. */
  int row(int v) {
    return v % bundle / 2 * ROWS + v % 2 * LANES;
  }

  int column(int v, int n) {
    return (v * states + n) * LANES;
  }

  /**
   * One pass over the time steps of a tile: the pair of vectors that begins with {@code v}, and the
   * states from {@code n} on.
   *
   * <p>Short passes are only ever called through this type. There are many of them, so the compiler
   * leaves each a method of its own; inlined into each other they would exceed its budget, box
   * their vectors and be several times slower. Passes of more than 325 bytes of code it never
   * inlines, so they are called directly, which saves looking them up.
   */
  interface Pass {
    void over(VectorTile tile, int v, int n);

    /** A pair's vectors one after the other. */
    static Pass each(Pass pass) {
      return (tile, v, n) -> {
        pass.over(tile, v, n);
        pass.over(tile, v + 1, n);
      };
    }
  }

  /** Runs passes one after another. */
  void run(List<Pass> passes, int v, int n) {
    for (var pass : passes) {
      pass.over(this, v, n);
    }
  }

  /** To be called after each block of states, with the number of those done. */
  void added(int n) {
    overStates.forEach(x -> x.after(n));
  }

  /** To be called after all states. */
  void addedAll() {
    overStates.forEach(StateSums::end);
  }

  /** Pairs that are in use. */
  int pairs() {
    return (vectors + 1) / 2;
  }

  /** Derives what only depends on A; to be called when {@link #a} was filled. */
  void prepare() {
    for (int v = 0; v < 2 * pairs; v++) {
      var largest = FloatVector.zero(SPECIES);
      for (int n = 0; n < states; n++) {
        var rate = load(a, column(v, n)).mul(VectorPower.LOG2_E);
        rate.intoArray(a2, column(v, n));
        largest = largest.max(rate.abs());
      }
      largest.intoArray(steepest, v * LANES);
    }
  }

  // ---- rows ----

  void read(ScanRows from, ScanSlabs.Place place, int first, float[] rows) {
    from.readChannels(
        place.batch(), place.group(), place.first(), place.count(), first, steps, rows, width);
  }

  /** Adds what an array holds to rows, by way of rows that may be lost. */
  void addRows(ScanRows from, ScanSlabs.Place place, int first, float[] lost, float[] rows) {
    read(from, place, first, lost);
    for (int i = 0; i < steps * width; i++) {
      rows[i] += lost[i];
    }
  }

  void write(ScanRows to, ScanSlabs.Place place, int first, float[] rows) {
    to.writeChannels(
        place.batch(), place.group(), place.first(), place.count(), first, steps, rows, width);
  }

  /** Fills {@link #factors}. */
  void readFactors(ScanRows from, ScanSlabs.Place place, int first) {
    from.readShared(place.batch(), place.group(), rank, first, steps, factors);
  }

  /** Fills segments with rows of B or C. */
  void readStates(ScanRows from, ScanSlabs.Place place, int first, float[] segments) {
    var rows = states == SEGMENT ? segments : rowsOfStates;
    from.readShared(place.batch(), place.group(), states, first, steps, rows);
    if (rows == segments) {
      return;
    }
    for (int t = 0; t < steps; t++) {
      for (int n = 0; n < states; n++) {
        segments[segment(n) + t * SEGMENT] = rows[t * states + n];
      }
    }
  }

  // ---- columns ----

  /** Channels × states of an array into columns; channels beyond the last are zero. */
  static void readColumns(Tiles from, ScanSlabs.Place place, long at, float[] columns, int states) {
    var block = Scratch.floats(0, place.count() * states);
    from.read(at, block, 0, place.count() * states);
    Arrays.fill(columns, 0);
    for (int j = 0; j < place.count(); j++) {
      int to = j / LANES * states * LANES + j % LANES;
      for (int n = 0; n < states; n++) {
        columns[to + n * LANES] = block[j * states + n];
      }
    }
  }

  /** The inverse of {@link #readColumns}. */
  static void writeColumns(float[] columns, ScanSlabs.Place place, Tiles to, long at, int states) {
    var block = Scratch.floats(0, place.count() * states);
    for (int j = 0; j < place.count(); j++) {
      int from = j / LANES * states * LANES + j % LANES;
      for (int n = 0; n < states; n++) {
        block[j * states + n] = columns[from + n * LANES];
      }
    }
    to.write(at, block, 0, place.count() * states);
  }

  /** One float for each channel, or zeros. */
  static void readVector(@Nullable Tiles from, ScanSlabs.Place place, float[] vector) {
    Arrays.fill(vector, 0);
    if (from != null) {
      from.read(place.channel(), vector, 0, place.count());
    }
  }

  // ---- weights of states that are scanned one by one ----

  /** Vectors in memory, one for each time step, or one for all where the step is 0. */
  static final class Lanes {
    private final float[] vectors;
    private final int at;
    private final int step;

    Lanes(float[] vectors, int at, int step) {
      this.vectors = vectors;
      this.at = at;
      this.step = step;
    }

    FloatVector of(int t) {
      return load(vectors, at + t * step);
    }
  }

  /** Spreads what is scanned one by one over lanes. */
  void spread(boolean constantB, boolean constantC) {
    singles = constantB || constantC ? 0 : states / BLOCK * BLOCK;
    for (int n = singles; n < states; n++) {
      if (!constantB) {
        spread(b, n, spreadB);
      }
      if (!constantC) {
        spread(c, n, spreadC);
      }
    }
  }

  private void spread(float[] segments, int n, float[] to) {
    for (int t = 0; t < steps; t++) {
      broadcast(segments[segment(n) + t * SEGMENT]).intoArray(to, (n * STEPS + t) * LANES);
    }
  }

  /** Whether the block that begins at a state is scanned as one. */
  boolean together(int n) {
    return n < singles;
  }

  Lanes lanesB(boolean constant, int v, int n) {
    return constant
        ? new Lanes(columnB, column(v, n), 0)
        : new Lanes(spreadB, n * STEPS * LANES, LANES);
  }

  Lanes lanesC(boolean constant, int v, int n) {
    return constant
        ? new Lanes(columnC, column(v, n), 0)
        : new Lanes(spreadC, n * STEPS * LANES, LANES);
  }
}
