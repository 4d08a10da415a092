// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.kernel.Tiles;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What a scan reads, brought into the tiles of {@link VectorScan}. */
final class ScanSources {
  final ScanGeometry geometry;
  final boolean softplus;
  final boolean gated;
  private final ScanRows u;
  private final ScanRows delta;
  private final ScanRows b;
  private final ScanRows c;
  private final @Nullable ScanRows z;
  private final Tiles a;
  private final @Nullable Tiles deltaWeight;
  private final Tiles tilesB;
  private final Tiles tilesC;
  private final @Nullable Tiles d;
  private final @Nullable Tiles bias;
  private final @Nullable Tiles initial;

  ScanSources(ScanInputs in) {
    geometry = in.geometry();
    softplus = in.softplus();
    gated = in.z() != null;
    tilesB = Tiles.of(in.b());
    tilesC = Tiles.of(in.c());
    u = new ScanRows(Tiles.of(in.u()), geometry, geometry.u());
    delta = new ScanRows(Tiles.of(in.delta()), geometry, geometry.delta());
    b = new ScanRows(tilesB, geometry, geometry.b());
    c = new ScanRows(tilesC, geometry, geometry.c());
    z = in.z() == null ? null : new ScanRows(Tiles.of(in.z()), geometry, geometry.u());
    a = Tiles.of(in.a());
    deltaWeight = tiles(in.deltaWeight());
    d = tiles(in.d());
    bias = tiles(in.deltaBias());
    initial = tiles(in.initial());
  }

  private static @Nullable Tiles tiles(@Nullable INDArray array) {
    return array == null ? null : Tiles.of(array);
  }

  /** Fills what does not depend on time, the first state included. */
  void begin(ScanSlabs.Place place, VectorTile tile) {
    int states = geometry.states();
    int rank = geometry.rank();
    long column = (long) place.channel() * states;
    tile.vectors = place.vectors();
    VectorTile.readColumns(a, place, column, tile.a, states);
    tile.prepare();
    if (deltaWeight != null) {
      long weight = (long) place.channel() * rank;
      VectorTile.readColumns(deltaWeight, place, weight, tile.weights, rank);
    }
    if (geometry.constantB()) {
      VectorTile.readColumns(tilesB, place, column, tile.columnB, states);
    }
    if (geometry.constantC()) {
      VectorTile.readColumns(tilesC, place, column, tile.columnC, states);
    }
    VectorTile.readVector(d, place, tile.d);
    VectorTile.readVector(bias, place, tile.bias);
    if (initial == null) {
      Arrays.fill(tile.h, 0);
    } else {
      VectorTile.readColumns(initial, place, place.row() * states, tile.h, states);
    }
  }

  /** Fills a chunk's rows. */
  void chunk(ScanSlabs.Place place, int chunk, VectorTile tile) {
    int from = chunk * VectorTile.STEPS;
    tile.steps = place.slabs().steps(chunk);
    tile.read(u, place, from, tile.u);
    if (deltaWeight == null) {
      tile.read(delta, place, from, tile.raw);
    } else {
      tile.readFactors(delta, place, from);
    }
    if (!geometry.constantB()) {
      tile.readStates(b, place, from, tile.b);
    }
    if (!geometry.constantC()) {
      tile.readStates(c, place, from, tile.c);
    }
    tile.spread(geometry.constantB(), geometry.constantC());
    if (z != null) {
      tile.read(z, place, from, tile.z);
    }
  }
}
