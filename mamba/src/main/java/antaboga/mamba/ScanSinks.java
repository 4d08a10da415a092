// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.kernel.Tiles;
import antaboga.ops.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Where the gradients go that {@link VectorScan} computes tile by tile. */
final class ScanSinks {
  private final ScanInputs in;
  private final ScanSlabs slabs;
  private final ScanGeometry geometry;

  private final INDArray u;
  private final @Nullable INDArray delta;
  private final @Nullable INDArray z;
  private final @Nullable INDArray initial;
  // sums over the steps, one for each batch
  private final INDArray a;
  private final @Nullable INDArray weight;
  private final INDArray d;
  private final INDArray bias;
  private final @Nullable INDArray columnB;
  private final @Nullable INDArray columnC;
  // sums over the channels of a bundle: for each chunk and state a line of its steps
  private final @Nullable INDArray b;
  private final @Nullable INDArray c;
  private final @Nullable INDArray factors;

  private final ScanRows rowsU;
  private final @Nullable ScanRows rowsDelta;
  private final @Nullable ScanRows rowsZ;

  ScanSinks(ScanInputs in, ScanSlabs slabs) {
    this.in = in;
    this.slabs = slabs;
    geometry = in.geometry();
    int batches = geometry.batches();
    int width = geometry.width();
    int states = geometry.states();
    int rank = geometry.rank();
    boolean projected = rank > 0;
    u = floats(in.u().shape());
    delta = projected ? null : floats(in.delta().shape());
    z = in.z() == null ? null : floats(in.u().shape());
    initial = in.initial() == null ? null : floats(batches, width, states);
    a = floats(batches, width, states);
    weight = projected ? floats(batches, width, rank) : null;
    d = floats(batches, width);
    bias = floats(batches, width);
    columnB = geometry.constantB() ? floats(batches, width, states) : null;
    columnC = geometry.constantC() ? floats(batches, width, states) : null;
    b = geometry.constantB() ? null : floats(slabs.partials(), states, slabs.steps());
    c = geometry.constantC() ? null : floats(slabs.partials(), states, slabs.steps());
    factors = projected ? floats(slabs.partials(), rank, slabs.steps()) : null;
    rowsU = new ScanRows(Tiles.of(u), geometry, geometry.u());
    rowsDelta = delta == null ? null : new ScanRows(Tiles.of(delta), geometry, geometry.delta());
    rowsZ = z == null ? null : new ScanRows(Tiles.of(z), geometry, geometry.u());
  }

  private static INDArray floats(long... shape) {
    return Arrays.empty(DataType.FLOAT, shape);
  }

  /** Clears what the steps add up in. */
  static void begin(VectorTile tile) {
    java.util.Arrays.fill(tile.da, 0);
    java.util.Arrays.fill(tile.dd, 0);
    java.util.Arrays.fill(tile.dbias, 0);
    java.util.Arrays.fill(tile.dweights, 0);
    java.util.Arrays.fill(tile.dcolumnB, 0);
    java.util.Arrays.fill(tile.dcolumnC, 0);
  }

  /** Writes what belongs to a chunk's steps. */
  void chunk(ScanSlabs.Place place, int chunk, VectorTile tile) {
    int from = chunk * VectorTile.STEPS;
    if (geometry.shared() && place.group() > 0) {
      tile.addRows(rowsU, place, from, tile.dy, tile.u);
    }
    tile.write(rowsU, place, from, tile.u);
    if (rowsDelta != null) {
      tile.write(rowsDelta, place, from, tile.raw);
    }
    if (rowsZ != null) {
      tile.write(rowsZ, place, from, tile.z);
    }
    writePartials(b, place, chunk, tile.dbLines, tile.states);
    writePartials(c, place, chunk, tile.dcLines, tile.states);
    writePartials(factors, place, chunk, tile.dfactorLines, tile.rank);
  }

  private static void writePartials(
      @Nullable INDArray to, ScanSlabs.Place place, int chunk, float[] lines, int count) {
    if (to == null) {
      return;
    }
    var tiles = Tiles.of(to);
    int size = count * VectorTile.STEPS;
    for (int i = 0; i < place.bundles(); i++) {
      long at = place.slabs().partial(place.batch(), place.group(), place.bundle() + i, chunk);
      tiles.write(at * size, lines, i * size, size);
    }
  }

  /** Writes what was summed over all steps. */
  void end(ScanSlabs.Place place, VectorTile tile) {
    int states = geometry.states();
    int rank = geometry.rank();
    writeColumns(tile.da, place, a, states);
    writeColumns(tile.dweights, place, weight, rank);
    writeColumns(tile.dcolumnB, place, columnB, states);
    writeColumns(tile.dcolumnC, place, columnC, states);
    writeColumns(tile.lambda, place, initial, states);
    Tiles.of(d).write(place.row(), tile.dd, 0, place.count());
    Tiles.of(bias).write(place.row(), tile.dbias, 0, place.count());
  }

  private static void writeColumns(
      float[] columns, ScanSlabs.Place place, @Nullable INDArray to, int states) {
    if (to != null) {
      VectorTile.writeColumns(columns, place, Tiles.of(to), place.row() * states, states);
    }
  }

  /** Sums up. */
  ScanKernel.Gradients gradients() {
    var whole = delta;
    if (factors != null) {
      whole = Arrays.zeros(DataType.FLOAT, in.delta().shape());
      ScanSums.bundles(slabs, factors, geometry.rank(), geometry.delta(), whole);
    }
    var into = factors == null ? null : whole;
    return new ScanKernel.Gradients(
        u,
        java.util.Objects.requireNonNull(whole),
        weight == null ? null : ScanSums.batches(weight),
        ScanSums.batches(a),
        weights(b, columnB, geometry.b(), in.b(), into),
        weights(c, columnC, geometry.c(), in.c(), into),
        in.d() == null ? null : ScanSums.batches(d),
        z,
        in.deltaBias() == null ? null : ScanSums.batches(bias),
        initial);
  }

  /**
   * The gradient of B or C.
   *
   * @param into the array that delta's gradient stands in as well, or null for one of its own
   */
  private INDArray weights(
      @Nullable INDArray partials,
      @Nullable INDArray constant,
      ScanStrides strides,
      INDArray like,
      @Nullable INDArray into) {
    if (partials == null) {
      return ScanSums.batches(java.util.Objects.requireNonNull(constant));
    }
    var sum = into == null ? Arrays.zeros(DataType.FLOAT, like.shape()) : into;
    ScanSums.bundles(slabs, partials, geometry.states(), strides, sum);
    return sum;
  }
}
