// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import static antaboga.mamba.VectorTile.BLOCK;
import static antaboga.mamba.VectorTile.LANES;
import static antaboga.mamba.VectorTile.STEPS;

import antaboga.kernel.Scratch;
import antaboga.kernel.Tiles;
import antaboga.kernel.Workers;
import antaboga.ops.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The scan on the Vector API, for floats: lanes run along the channels, tasks over batches, groups
 * and slabs of channels. Where slabs are summed up they are a function of the sizes alone and
 * follow their order, so that threads do not change results.
 *
 * <p>The backward pass starts each tile of {@value VectorTile#STEPS} steps from the state that the
 * forward pass kept at its border, and recomputes the states within.
 */
final class VectorScan implements ScanKernel {
  /** Tasks that a scan is split into where it has channels enough. */
  private static final int TASKS = 12;

  /** Vectors of channels in a tile at most, so that its rows stay in the nearest cache. */
  private static final int WIDEST = 8;

  private static final ThreadLocal<@Nullable VectorTile> TILES = new ThreadLocal<>();

  @Override
  public String name() {
    return "vector";
  }

  /** How channels are cut into slabs of vectors. */
  private record Slabs(ScanGeometry geometry, int count, int vectors) {
    /** For sums over slabs: a function of the sizes alone. */
    static Slabs of(ScanGeometry geometry) {
      return cut(geometry, TASKS, 1);
    }

    /** For work that has no such sums: wide rows are read faster, and each thread has its share. */
    static Slabs of(ScanGeometry geometry, int threads) {
      return cut(geometry, threads, threads);
    }

    private static Slabs cut(ScanGeometry geometry, int tasks, int multiple) {
      int vectors = ceil(geometry.channels(), LANES);
      int others = geometry.batches() * (geometry.shared() ? 1 : geometry.groups());
      int wanted = Math.max(ceil(tasks, others), ceil(vectors, WIDEST));
      int shares = others >= multiple ? wanted : ceil(wanted, multiple) * multiple;
      int perSlab = ceil(vectors, Math.min(vectors, shares));
      return new Slabs(geometry, ceil(vectors, perSlab), perSlab);
    }

    /** Groups that share u are scanned one after another by one task, since they add up. */
    int tasks() {
      return geometry.batches() * count * (geometry.shared() ? 1 : geometry.groups());
    }

    int chunks() {
      return ceil(geometry.length(), STEPS);
    }

    /** Floats of the states of all channels of a group at one chunk border. */
    private long border() {
      return (long) ceil(geometry.channels(), LANES) * LANES * geometry.states();
    }

    long borders() {
      return (long) geometry.batches() * geometry.groups() * chunks() * border();
    }

    private static int ceil(int x, int y) {
      return (x + y - 1) / y;
    }
  }

  /** One slab of one group in one batch. */
  private record Place(Slabs slabs, int batch, int group, int slab) {
    int first() {
      return slab * slabs.vectors * LANES;
    }

    int count() {
      return Math.min(slabs.vectors * LANES, slabs.geometry.channels() - first());
    }

    /** Number of the channel among all of the batch. */
    int channel(int j) {
      return group * slabs.geometry.channels() + first() + j;
    }

    /** Where this slab's states at a chunk border begin, however channels are cut. */
    long border(int chunk) {
      long place = (long) batch * slabs.geometry.groups() + group;
      long before = (long) first() * slabs.geometry.states();
      return (place * slabs.chunks() + chunk) * slabs.border() + before;
    }

    /** Floats of this slab's states at a chunk border. */
    int borderSize() {
      return Slabs.ceil(count(), LANES) * LANES * slabs.geometry.states();
    }

    /** Where this slab's partial sums, rows of so many floats, begin at a step. */
    long partial(int from, int count) {
      long place = ((long) batch * slabs.geometry.groups() + group) * slabs.count + slab;
      return (place * slabs.geometry.length() + from) * count;
    }
  }

  private interface Work {
    void at(Place place, VectorTile tile);
  }

  /** This thread's tile of these sizes; its contents are whatever was left there. */
  private VectorTile tile(int vectors, int states, int rank) {
    var tile = TILES.get();
    if (tile == null || !tile.fits(vectors, states, rank)) {
      tile = new VectorTile(vectors, states, rank);
      TILES.set(tile);
    }
    return tile;
  }

  /** Runs the work at every place; groups that share u in order within one task. */
  private void run(Slabs slabs, Work work) {
    var geometry = slabs.geometry;
    int apart = geometry.shared() ? 1 : geometry.groups();
    int together = geometry.shared() ? geometry.groups() : 1;
    Workers.run(
        slabs.tasks(),
        task -> {
          int slab = task % slabs.count;
          int group = task / slabs.count % apart;
          int batch = task / slabs.count / apart;
          var tile = tile(slabs.vectors, geometry.states(), geometry.rank());
          for (int g = 0; g < together; g++) {
            work.at(new Place(slabs, batch, group + g, slab), tile);
          }
        });
  }

  /** The inputs as tiles. */
  private static final class Sources {
    final ScanGeometry geometry;
    final boolean softplus;
    final ScanRows u;
    final ScanRows delta;
    final ScanRows b;
    final ScanRows c;
    final @Nullable ScanRows z;
    private final Tiles a;
    private final @Nullable Tiles deltaWeight;
    private final Tiles tilesB;
    private final Tiles tilesC;
    private final @Nullable Tiles d;
    private final @Nullable Tiles bias;
    private final @Nullable Tiles initial;

    Sources(ScanInputs x) {
      geometry = x.geometry();
      softplus = x.softplus();
      tilesB = Tiles.of(x.b());
      tilesC = Tiles.of(x.c());
      u = new ScanRows(Tiles.of(x.u()), geometry, geometry.u());
      delta = new ScanRows(Tiles.of(x.delta()), geometry, geometry.delta());
      b = new ScanRows(tilesB, geometry, geometry.b());
      c = new ScanRows(tilesC, geometry, geometry.c());
      z = x.z() == null ? null : new ScanRows(Tiles.of(x.z()), geometry, geometry.u());
      a = Tiles.of(x.a());
      deltaWeight = x.deltaWeight() == null ? null : Tiles.of(x.deltaWeight());
      d = x.d() == null ? null : Tiles.of(x.d());
      bias = x.deltaBias() == null ? null : Tiles.of(x.deltaBias());
      initial = x.initial() == null ? null : Tiles.of(x.initial());
    }

    /** Fills what does not depend on time, the first state included. */
    void begin(Place place, VectorTile tile) {
      int states = geometry.states();
      readColumns(a, place, (long) place.channel(0) * states, tile.a, states);
      tile.prepare();
      if (deltaWeight != null) {
        int rank = geometry.rank();
        readColumns(deltaWeight, place, (long) place.channel(0) * rank, tile.weights, rank);
      }
      if (geometry.constantB()) {
        readColumns(tilesB, place, (long) place.channel(0) * states, tile.columnB, states);
      }
      if (geometry.constantC()) {
        readColumns(tilesC, place, (long) place.channel(0) * states, tile.columnC, states);
      }
      readVector(d, place, tile.d);
      readVector(bias, place, tile.bias);
      if (initial == null) {
        java.util.Arrays.fill(tile.h, 0);
      } else {
        readColumns(initial, place, state(place), tile.h, states);
      }
    }

    /** Reads a stretch of steps and computes δ' of it. */
    void stretch(Place place, int from, int steps, VectorTile tile) {
      tile.steps = steps;
      readRows(u, place, from, tile.u, tile);
      if (deltaWeight == null) {
        readRows(delta, place, from, tile.raw, tile);
      } else {
        delta.readShared(place.batch, place.group, tile.rank, from, steps, tile.factors);
      }
      if (!geometry.constantB()) {
        readStates(b, place, from, tile.b, tile);
      }
      if (!geometry.constantC()) {
        readStates(c, place, from, tile.c, tile);
      }
      if (z != null) {
        readRows(z, place, from, tile.z, tile);
      }
      for (int v = 0; v < tile.vectors; v++) {
        if (deltaWeight != null) {
          tile.project(v);
        }
        if (bias != null) {
          tile.addBias(v);
        }
        if (softplus) {
          tile.softplus(v);
        } else {
          tile.noSoftplus(v);
        }
      }
    }

    long state(Place place) {
      return ((long) place.batch * geometry.width() + place.channel(0)) * geometry.states();
    }
  }

  private static void readRows(
      ScanRows from, Place place, int first, float[] rows, VectorTile tile) {
    boolean direct = tile.vectors == 1;
    var to = direct ? rows : tile.staging;
    from.readChannels(
        place.batch, place.group, place.first(), place.count(), first, tile.steps, to, tile.stride);
    if (!direct) {
      tile.arrange(rows);
    }
  }

  private static void writeRows(
      ScanRows to, Place place, int first, float[] rows, VectorTile tile) {
    boolean direct = tile.vectors == 1;
    if (!direct) {
      tile.collect(rows);
    }
    to.writeChannels(
        place.batch,
        place.group,
        place.first(),
        place.count(),
        first,
        tile.steps,
        direct ? rows : tile.staging,
        tile.stride);
  }

  /** Reads rows of B or C into segments. */
  private static void readStates(
      ScanRows from, Place place, int first, float[] segments, VectorTile tile) {
    boolean direct = tile.states == VectorTile.SEGMENT;
    var to = direct ? segments : tile.staging;
    from.readShared(place.batch, place.group, tile.states, first, tile.steps, to);
    if (!direct) {
      tile.arrangeStates(segments);
    }
  }

  /** Channels × states of an array into columns; channels beyond the last are zero. */
  private static void readColumns(Tiles from, Place place, long at, float[] columns, int states) {
    var block = Scratch.floats(0, place.count() * states);
    from.read(at, block, 0, place.count() * states);
    java.util.Arrays.fill(columns, 0);
    for (int j = 0; j < place.count(); j++) {
      int to = j / LANES * states * LANES + j % LANES;
      for (int n = 0; n < states; n++) {
        columns[to + n * LANES] = block[j * states + n];
      }
    }
  }

  private static void writeColumns(float[] columns, Place place, Tiles to, long at, int states) {
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
  private static void readVector(@Nullable Tiles from, Place place, float[] vector) {
    java.util.Arrays.fill(vector, 0);
    if (from != null) {
      from.read(place.channel(0), vector, 0, place.count());
    }
  }

  @Override
  public Result forward(ScanInputs x, boolean keep) {
    var geometry = x.geometry();
    var slabs = Slabs.of(geometry, Workers.threads());
    var y = Arrays.empty(DataType.FLOAT, x.u().shape());
    var last =
        Arrays.empty(DataType.FLOAT, geometry.batches(), geometry.width(), geometry.states());
    var borders = keep ? Arrays.empty(DataType.FLOAT, slabs.borders()) : null;
    var sources = new Sources(x);
    var out = new ScanRows(Tiles.of(y), geometry, geometry.u());
    var end = Tiles.of(last);
    var kept = borders == null ? null : Tiles.of(borders);
    run(
        slabs,
        (place, tile) -> {
          sources.begin(place, tile);
          for (int chunk = 0; chunk < slabs.chunks(); chunk++) {
            int from = chunk * STEPS;
            if (kept != null) {
              kept.write(place.border(chunk), tile.h, 0, place.borderSize());
            }
            sources.stretch(place, from, Math.min(STEPS, geometry.length() - from), tile);
            if (geometry.shared() && place.group > 0) {
              readRows(out, place, from, tile.y, tile);
            } else {
              java.util.Arrays.fill(tile.y, 0);
            }
            for (int v = 0; v < tile.vectors; v++) {
              advance(sources, tile, v);
            }
            writeRows(out, place, from, tile.y, tile);
          }
          writeColumns(tile.h, place, end, sources.state(place), geometry.states());
        });
    return new Result(y, last, borders);
  }

  private static void advance(Sources sources, VectorTile tile, int v) {
    boolean constantB = sources.geometry.constantB();
    boolean constantC = sources.geometry.constantC();
    boolean safe = tile.safe(v);
    tile.enter(v);
    for (int n = 0; n < tile.states; n += BLOCK) {
      int count = Math.min(BLOCK, tile.states - n);
      tile.decays(v, n, count, safe);
      if (constantB || constantC) {
        for (int k = 0; k < count; k++) {
          tile.advanceLanes(v, n + k, k, constantB, constantC);
        }
      } else if (count == BLOCK) {
        tile.advance4(v, n);
      } else {
        for (int k = 0; k < count; k++) {
          tile.advance1(v, n + k, k);
        }
      }
    }
    if (sources.z != null) {
      tile.gate(v);
    }
  }

  /** Where gradients go. */
  private static final class Sinks {
    final INDArray du;
    final @Nullable INDArray ddelta;
    final @Nullable INDArray dz;
    final @Nullable INDArray dInitial;
    // sums over the steps, one for each batch
    final INDArray da;
    final @Nullable INDArray dweight;
    final INDArray dd;
    final INDArray dbias;
    final @Nullable INDArray dcolumnB;
    final @Nullable INDArray dcolumnC;
    // sums over the channels of a slab, one for each step
    final @Nullable INDArray db;
    final @Nullable INDArray dc;
    final @Nullable INDArray dfactors;

    Sinks(ScanInputs x, Slabs slabs) {
      var geometry = x.geometry();
      var type = DataType.FLOAT;
      int batches = geometry.batches();
      int width = geometry.width();
      int states = geometry.states();
      du = Arrays.empty(type, x.u().shape());
      int rank = geometry.rank();
      ddelta = rank > 0 ? null : Arrays.empty(type, x.delta().shape());
      dz = x.z() == null ? null : Arrays.empty(type, x.u().shape());
      dInitial = x.initial() == null ? null : Arrays.empty(type, batches, width, states);
      da = Arrays.empty(type, batches, width, states);
      dweight = rank > 0 ? Arrays.empty(type, batches, width, rank) : null;
      dd = Arrays.empty(type, batches, width);
      dbias = Arrays.empty(type, batches, width);
      long rows = (long) batches * geometry.groups() * slabs.count * geometry.length();
      dcolumnB = geometry.constantB() ? Arrays.empty(type, batches, width, states) : null;
      dcolumnC = geometry.constantC() ? Arrays.empty(type, batches, width, states) : null;
      db = geometry.constantB() ? null : Arrays.empty(type, rows, states);
      dc = geometry.constantC() ? null : Arrays.empty(type, rows, states);
      dfactors = rank > 0 ? Arrays.empty(type, rows, rank) : null;
    }
  }

  @Override
  public Gradients backward(ScanInputs x, Result forward, INDArray dy, @Nullable INDArray dLast) {
    var geometry = x.geometry();
    var slabs = Slabs.of(geometry);
    var sinks = new Sinks(x, slabs);
    var sources = new Sources(x);
    var pass =
        new Backward(
            sources,
            slabs,
            sinks,
            new ScanRows(Tiles.of(dy), geometry, geometry.u()),
            dLast == null ? null : Tiles.of(dLast),
            Tiles.of(
                Objects.requireNonNull(forward.borders(), "forward pass that kept its borders")));
    run(slabs, pass::at);
    var ddelta = sinks.ddelta;
    if (sinks.dfactors != null) {
      ddelta = Arrays.zeros(DataType.FLOAT, x.delta().shape());
      sumSlabs(slabs, sinks.dfactors, geometry.rank(), geometry.delta(), ddelta);
    }
    var own = geometry.rank() > 0 ? ddelta : null;
    return new Gradients(
        sinks.du,
        Objects.requireNonNull(ddelta),
        sinks.dweight == null ? null : sumBatches(sinks.dweight),
        sumBatches(sinks.da),
        weights(slabs, sinks.db, sinks.dcolumnB, geometry.b(), x.b(), own),
        weights(slabs, sinks.dc, sinks.dcolumnC, geometry.c(), x.c(), own),
        x.d() == null ? null : sumBatches(sinks.dd),
        sinks.dz,
        x.deltaBias() == null ? null : sumBatches(sinks.dbias),
        sinks.dInitial);
  }

  /**
   * The gradient of B or C.
   *
   * @param into the array that delta's gradient stands in as well, or null for one of its own
   */
  private static INDArray weights(
      Slabs slabs,
      @Nullable INDArray partials,
      @Nullable INDArray constant,
      ScanStrides strides,
      INDArray like,
      @Nullable INDArray into) {
    if (partials == null) {
      return sumBatches(Objects.requireNonNull(constant));
    }
    var sum = into == null ? Arrays.zeros(DataType.FLOAT, like.shape()) : into;
    sumSlabs(slabs, partials, slabs.geometry.states(), strides, sum);
    return sum;
  }

  /** One backward pass over all places. */
  private static final class Backward {
    private final Sources sources;
    private final ScanGeometry geometry;
    private final Slabs slabs;
    private final ScanRows dy;
    private final @Nullable Tiles dLast;
    private final Tiles borders;
    private final ScanRows du;
    private final @Nullable ScanRows ddelta;
    private final @Nullable ScanRows dz;
    private final @Nullable Tiles dInitial;
    private final Tiles da;
    private final @Nullable Tiles dweight;
    private final Tiles dd;
    private final Tiles dbias;
    private final @Nullable Tiles dcolumnB;
    private final @Nullable Tiles dcolumnC;
    private final @Nullable Tiles db;
    private final @Nullable Tiles dc;
    private final @Nullable Tiles dfactors;

    Backward(
        Sources sources,
        Slabs slabs,
        Sinks sinks,
        ScanRows dy,
        @Nullable Tiles dLast,
        Tiles borders) {
      this.sources = sources;
      this.slabs = slabs;
      this.dy = dy;
      this.dLast = dLast;
      this.borders = borders;
      geometry = sources.geometry;
      du = new ScanRows(Tiles.of(sinks.du), geometry, geometry.u());
      ddelta = rows(sinks.ddelta, geometry, geometry.delta());
      dz = rows(sinks.dz, geometry, geometry.u());
      dInitial = tiles(sinks.dInitial);
      da = Tiles.of(sinks.da);
      dweight = tiles(sinks.dweight);
      dd = Tiles.of(sinks.dd);
      dbias = Tiles.of(sinks.dbias);
      dcolumnB = tiles(sinks.dcolumnB);
      dcolumnC = tiles(sinks.dcolumnC);
      db = tiles(sinks.db);
      dc = tiles(sinks.dc);
      dfactors = tiles(sinks.dfactors);
    }

    private static @Nullable ScanRows rows(
        @Nullable INDArray array, ScanGeometry geometry, ScanStrides strides) {
      return array == null ? null : new ScanRows(Tiles.of(array), geometry, strides);
    }

    private static @Nullable Tiles tiles(@Nullable INDArray array) {
      return array == null ? null : Tiles.of(array);
    }

    void at(Place place, VectorTile tile) {
      begin(place, tile);
      for (int chunk = slabs.chunks() - 1; chunk >= 0; chunk--) {
        int from = chunk * STEPS;
        borders.read(place.border(chunk), tile.h, 0, place.borderSize());
        sources.stretch(place, from, Math.min(STEPS, geometry.length() - from), tile);
        readRows(dy, place, from, tile.g, tile);
        java.util.Arrays.fill(tile.y, 0);
        java.util.Arrays.fill(tile.s, 0);
        java.util.Arrays.fill(tile.r, 0);
        java.util.Arrays.fill(tile.db, 0);
        java.util.Arrays.fill(tile.dc, 0);
        java.util.Arrays.fill(tile.dfactors, 0);
        for (int v = 0; v < tile.vectors; v++) {
          retreat(tile, v);
        }
        end(place, from, tile);
      }
      end(place, tile);
    }

    private void begin(Place place, VectorTile tile) {
      sources.begin(place, tile);
      java.util.Arrays.fill(tile.da, 0);
      java.util.Arrays.fill(tile.dd, 0);
      java.util.Arrays.fill(tile.dbias, 0);
      java.util.Arrays.fill(tile.dweights, 0);
      java.util.Arrays.fill(tile.dcolumnB, 0);
      java.util.Arrays.fill(tile.dcolumnC, 0);
      if (dLast == null) {
        java.util.Arrays.fill(tile.lambda, 0);
      } else {
        readColumns(dLast, place, sources.state(place), tile.lambda, geometry.states());
      }
    }

    /** One vector of channels through a tile's steps. */
    private void retreat(VectorTile tile, int v) {
      boolean safe = tile.safe(v);
      tile.enter(v);
      if (dz != null) {
        replayGate(tile, v, safe);
        tile.ungate(v);
      }
      boolean lanes = geometry.constantB() || geometry.constantC();
      for (int n = 0; n < tile.states; n += BLOCK) {
        int count = Math.min(BLOCK, tile.states - n);
        tile.decays(v, n, count, safe);
        replay(tile, v, n, count);
        if (lanes) {
          for (int k = 0; k < count; k++) {
            tile.retreatLanes(v, n + k, k, geometry.constantB(), geometry.constantC());
          }
        } else {
          for (int k = 0; k + 1 < count; k += 2) {
            tile.retreat2(v, n + k, k);
          }
          if (count % 2 == 1) {
            tile.retreat1(v, n + count - 1, count - 1);
          }
        }
      }
      for (int n = 0; lanes && n < tile.states; n++) {
        if (geometry.constantB()) {
          tile.sumColumn(v, n, tile.db, tile.dcolumnB);
        }
        if (geometry.constantC()) {
          tile.sumColumn(v, n, tile.dc, tile.dcolumnC);
        }
      }
      tile.leave(v);
      if (sources.softplus) {
        tile.softplusSlope(v);
      }
      tile.sumBias(v);
      if (ddelta == null) {
        tile.unproject(v);
      }
    }

    /** The gate's gradient needs y before the gate: one more pass over the states. */
    private void replayGate(VectorTile tile, int v, boolean safe) {
      for (int n = 0; n < tile.states; n += BLOCK) {
        int count = Math.min(BLOCK, tile.states - n);
        tile.decays(v, n, count, safe);
        replay(tile, v, n, count);
        for (int k = 0; k < count; k++) {
          if (geometry.constantC()) {
            tile.outputColumn(v, n + k, k);
          } else {
            tile.output(v, n + k, k);
          }
        }
      }
    }

    private void replay(VectorTile tile, int v, int n, int count) {
      if (count == BLOCK && !geometry.constantB()) {
        tile.replay4(v, n);
        return;
      }
      for (int k = 0; k < count; k++) {
        if (geometry.constantB()) {
          tile.replayColumn(v, n + k, k);
        } else {
          tile.replay1(v, n + k, k);
        }
      }
    }

    /** Writes what belongs to the tile's steps. */
    private void end(Place place, int from, VectorTile tile) {
      if (geometry.shared() && place.group > 0) {
        readRows(du, place, from, tile.g, tile);
        for (int i = 0; i < tile.s.length; i++) {
          tile.s[i] += tile.g[i];
        }
      }
      writeRows(du, place, from, tile.s, tile);
      if (ddelta != null) {
        writeRows(ddelta, place, from, tile.r, tile);
      }
      if (dz != null) {
        writeRows(dz, place, from, tile.y, tile);
      }
      writeStates(tile.db, db, place, from, tile);
      writeStates(tile.dc, dc, place, from, tile);
      if (dfactors != null) {
        VectorTile.sumLanes(tile.dfactors);
        dfactors.write(place.partial(from, tile.rank), tile.dfactors, 0, tile.steps * tile.rank);
      }
    }

    /** Writes the sums over the channels of what belongs to each state. */
    private static void writeStates(
        float[] vectors, @Nullable Tiles to, Place place, int from, VectorTile tile) {
      if (to != null) {
        VectorTile.sumLanes(vectors);
        boolean direct = tile.states == VectorTile.SEGMENT;
        if (!direct) {
          tile.collectStates(vectors);
        }
        to.write(
            place.partial(from, tile.states),
            direct ? vectors : tile.staging,
            0,
            tile.steps * tile.states);
      }
    }

    /** Writes what was summed over all steps. */
    private void end(Place place, VectorTile tile) {
      int states = geometry.states();
      long state = sources.state(place);
      long channel = (long) place.batch * geometry.width() + place.channel(0);
      writeColumns(tile.da, place, da, state, states);
      if (dweight != null) {
        writeColumns(tile.dweights, place, dweight, channel * tile.rank, tile.rank);
      }
      dd.write(channel, tile.dd, 0, place.count());
      dbias.write(channel, tile.dbias, 0, place.count());
      if (dcolumnB != null) {
        writeColumns(tile.dcolumnB, place, dcolumnB, state, states);
      }
      if (dcolumnC != null) {
        writeColumns(tile.dcolumnC, place, dcolumnC, state, states);
      }
      if (dInitial != null) {
        writeColumns(tile.lambda, place, dInitial, state, states);
      }
    }
  }

  /**
   * Adds the partial sums of all slabs, slab by slab, where the gradient stands.
   *
   * @param partials for each slab and step, in the order of time, {@code count} floats
   */
  private static void sumSlabs(
      Slabs slabs, INDArray partials, int count, ScanStrides strides, INDArray sum) {
    var geometry = slabs.geometry;
    int share = strides.group() == 0 ? geometry.groups() : strides.share();
    int groups = geometry.groups() / share;
    var from = Tiles.of(partials);
    var to = Tiles.of(sum);
    int length = geometry.length();
    Workers.run(
        geometry.batches() * groups,
        task -> {
          int batch = task / groups;
          int first = task % groups * share;
          var total = Scratch.floats(0, length * count);
          var one = Scratch.floats(1, length * count);
          java.util.Arrays.fill(total, 0, length * count, 0);
          for (int g = first; g < first + share; g++) {
            for (int slab = 0; slab < slabs.count; slab++) {
              from.read(new Place(slabs, batch, g, slab).partial(0, count), one, 0, length * count);
              addInPlace(geometry, g, one, count, total);
            }
          }
          writeShared(geometry, strides, strides.base(batch, first), count, total, to);
        });
  }

  /** Adds one slab's rows, which are in the order of time, where their position is. */
  private static void addInPlace(
      ScanGeometry geometry, int g, float[] one, int count, float[] total) {
    for (int t = 0; t < geometry.length(); t++) {
      int to = geometry.position(g, t) * count;
      for (int n = 0; n < count; n++) {
        total[to + n] += one[t * count + n];
      }
    }
  }

  /** Writes rows of floats, one row for each position, into the array's own layout. */
  private static void writeShared(
      ScanGeometry geometry, ScanStrides strides, long base, int count, float[] total, Tiles to) {
    if (strides.state() == 1) {
      for (int t = 0; t < geometry.length(); t++) {
        to.write(base + t * strides.time(), total, t * count, count);
      }
      return;
    }
    var line = new float[geometry.length()]; // time is dense
    for (int n = 0; n < count; n++) {
      for (int t = 0; t < line.length; t++) {
        line[t] = total[t * count + n];
      }
      to.write(base + n * strides.state(), line, 0, line.length);
    }
  }

  /** The sum over the first axis, batch by batch. */
  private static INDArray sumBatches(INDArray partials) {
    var shape = java.util.Arrays.copyOfRange(partials.shape(), 1, partials.rank());
    var sum = Arrays.empty(DataType.FLOAT, shape);
    var from = Tiles.of(partials);
    int batches = Math.toIntExact(partials.size(0));
    int length = Math.toIntExact(sum.length());
    var total = new float[length];
    var one = new float[length];
    for (int batch = 0; batch < batches; batch++) {
      from.read((long) batch * length, one, 0, length);
      for (int i = 0; i < length; i++) {
        total[i] += one[i];
      }
    }
    Tiles.of(sum).write(0, total, 0, length);
    return sum;
  }
}
