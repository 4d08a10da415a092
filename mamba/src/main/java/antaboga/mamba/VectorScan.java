// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import static antaboga.mamba.VectorTile.LANES;
import static antaboga.mamba.VectorTile.STEPS;

import antaboga.kernel.Tiles;
import antaboga.kernel.Workers;
import antaboga.ops.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The scan on the Vector API, for floats: lanes run along the channels, tasks over batches, groups
 * and slabs of channels.
 *
 * <p>The backward pass starts each tile of {@value VectorTile#STEPS} steps from the state that the
 * forward pass kept at its border, and recomputes the states within.
 */
final class VectorScan implements ScanKernel {
  // this thread's tiles; their contents are whatever was left there
  private static final ThreadLocal<@Nullable VectorTile> FORWARD = new ThreadLocal<>();
  private static final ThreadLocal<@Nullable VectorTile> BACKWARD = new ThreadLocal<>();

  @Override
  public String name() {
    return "vector";
  }

  private interface Work {
    void at(ScanSlabs.Place place, VectorTile tile);
  }

  private static VectorTile tile(ScanSlabs slabs, boolean backward) {
    var tiles = backward ? BACKWARD : FORWARD;
    var geometry = slabs.geometry();
    int vectors = slabs.channels() / LANES;
    int bundle = backward ? slabs.bundle() / LANES : 2;
    var tile = tiles.get();
    if (tile == null || !tile.fits(vectors, bundle, geometry.states(), geometry.rank())) {
      tile = new VectorTile(vectors, bundle, geometry.states(), geometry.rank(), backward);
      tiles.set(tile);
    }
    return tile;
  }

  /** Runs the work at every place; groups that share u in order within one task. */
  private static void run(ScanSlabs slabs, boolean backward, Work work) {
    var geometry = slabs.geometry();
    int together = geometry.shared() ? geometry.groups() : 1;
    Workers.run(
        slabs.tasks(),
        task -> {
          var place = slabs.place(task);
          var tile = tile(slabs, backward);
          for (int g = 0; g < together; g++) {
            work.at(place.group(place.group() + g), tile);
          }
        });
  }

  @Override
  public Result forward(ScanInputs in, boolean keep) {
    var geometry = in.geometry();
    var slabs = ScanSlabs.forward(geometry, LANES, STEPS, Workers.threads());
    int states = geometry.states();
    var y = Arrays.empty(DataType.FLOAT, in.u().shape());
    var last = Arrays.empty(DataType.FLOAT, geometry.batches(), geometry.width(), states);
    var borders = keep ? Arrays.empty(DataType.FLOAT, slabs.borders()) : null;
    var sources = new ScanSources(in);
    var pass = new VectorForward(sources);
    var out = new ScanRows(Tiles.of(y), geometry, geometry.u());
    var end = Tiles.of(last);
    var kept = borders == null ? null : Tiles.of(borders);
    run(
        slabs,
        false,
        (place, tile) -> {
          sources.begin(place, tile);
          for (int chunk = 0; chunk < slabs.chunks(); chunk++) {
            if (kept != null) {
              kept.write(place.border(chunk), tile.h, 0, place.borderSize());
            }
            sources.chunk(place, chunk, tile);
            pass.scan(tile);
            if (geometry.shared() && place.group() > 0) {
              tile.addRows(out, place, chunk * STEPS, tile.raw, tile.u);
            }
            tile.write(out, place, chunk * STEPS, tile.u);
          }
          VectorTile.writeColumns(tile.h, place, end, place.row() * states, states);
        });
    return new Result(y, last, borders);
  }

  @Override
  public Gradients backward(ScanInputs in, Result forward, INDArray dy, @Nullable INDArray dLast) {
    var geometry = in.geometry();
    var slabs = ScanSlabs.backward(geometry, LANES, STEPS, Workers.threads());
    int states = geometry.states();
    var borders = Tiles.of(Objects.requireNonNull(forward.borders(), "kept borders"));
    var sources = new ScanSources(in);
    var pass = new VectorBackward(sources);
    var sinks = new ScanSinks(in, slabs);
    var rows = new ScanRows(Tiles.of(dy), geometry, geometry.u());
    var end = dLast == null ? null : Tiles.of(dLast);
    run(
        slabs,
        true,
        (place, tile) -> {
          sources.begin(place, tile);
          ScanSinks.begin(tile);
          if (end == null) {
            java.util.Arrays.fill(tile.lambda, 0);
          } else {
            VectorTile.readColumns(end, place, place.row() * states, tile.lambda, states);
          }
          for (int chunk = slabs.chunks() - 1; chunk >= 0; chunk--) {
            borders.read(place.border(chunk), tile.h, 0, place.borderSize());
            sources.chunk(place, chunk, tile);
            tile.read(rows, place, chunk * STEPS, tile.dy);
            pass.scan(tile);
            sinks.chunk(place, chunk, tile);
          }
          sinks.end(place, tile);
        });
    return sinks.gradients();
  }
}
