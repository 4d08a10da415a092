// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.ops.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** SiLU of floats; tiles are whole vectors, so that there are no tails. */
final class VectorSilu implements SiluKernel {
  private static final VectorSpecies<Float> SPECIES = VectorLanes.FLOAT;

  private final ScalarSilu scalar = new ScalarSilu();

  @Override
  public INDArray forward(INDArray x) {
    if (x.dataType() != DataType.FLOAT) {
      return scalar.forward(x);
    }
    var y = Arrays.empty(x.dataType(), x.shape());
    var source = Tiles.of(x);
    var target = Tiles.of(y);
    Pointwise.forTiles(
        x.length(),
        (start, length) -> {
          var tile = Scratch.floats(0, Pointwise.TILE);
          source.read(start, tile, 0, length);
          silu(tile, length);
          target.write(start, tile, 0, length);
        });
    return y;
  }

  @Override
  public INDArray backward(INDArray gradient, INDArray x) {
    if (x.dataType() != DataType.FLOAT) {
      return scalar.backward(gradient, x);
    }
    var dx = Arrays.empty(x.dataType(), x.shape());
    var source = Tiles.of(x);
    var gradients = Tiles.of(gradient);
    var target = Tiles.of(dx);
    Pointwise.forTiles(
        x.length(),
        (start, length) -> {
          var tile = Scratch.floats(0, Pointwise.TILE);
          var g = Scratch.floats(1, Pointwise.TILE);
          source.read(start, tile, 0, length);
          gradients.read(start, g, 0, length);
          slope(g, tile, length);
          target.write(start, g, 0, length);
        });
    return dx;
  }

  @Override
  public INDArray gate(INDArray x, INDArray z) {
    if (x.dataType() != DataType.FLOAT) {
      return scalar.gate(x, z);
    }
    var y = Arrays.empty(x.dataType(), x.shape());
    var source = Tiles.of(x);
    var gates = Tiles.of(z);
    var target = Tiles.of(y);
    Pointwise.forTiles(
        x.length(),
        (start, length) -> {
          var tile = Scratch.floats(0, Pointwise.TILE);
          var gate = Scratch.floats(1, Pointwise.TILE);
          source.read(start, tile, 0, length);
          gates.read(start, gate, 0, length);
          gate(tile, gate, length);
          target.write(start, tile, 0, length);
        });
    return y;
  }

  @Override
  public INDArray[] gateBackward(INDArray gradient, INDArray x, INDArray z) {
    if (x.dataType() != DataType.FLOAT) {
      return scalar.gateBackward(gradient, x, z);
    }
    var dx = Arrays.empty(x.dataType(), x.shape());
    var dz = Arrays.empty(x.dataType(), x.shape());
    var source = Tiles.of(x);
    var gates = Tiles.of(z);
    var gradients = Tiles.of(gradient);
    var targetX = Tiles.of(dx);
    var targetZ = Tiles.of(dz);
    Pointwise.forTiles(
        x.length(),
        (start, length) -> {
          var tile = Scratch.floats(0, Pointwise.TILE);
          var gate = Scratch.floats(1, Pointwise.TILE);
          var g = Scratch.floats(2, Pointwise.TILE);
          source.read(start, tile, 0, length);
          gates.read(start, gate, 0, length);
          gradients.read(start, g, 0, length);
          gateSlopes(g, tile, gate, length);
          targetX.write(start, g, 0, length);
          targetZ.write(start, gate, 0, length);
        });
    return new INDArray[] {dx, dz};
  }

  /** x *= silu(z). */
  private static void gate(float[] x, float[] z, int n) {
    for (int i = 0; i < n; i += SPECIES.length()) {
      VectorMath.silu(FloatVector.fromArray(SPECIES, z, i))
          .mul(FloatVector.fromArray(SPECIES, x, i))
          .intoArray(x, i);
    }
  }

  /** z = g x s (1 + z (1 - s)), then g *= z s, with s the sigmoid of z as it was. */
  private static void gateSlopes(float[] g, float[] x, float[] z, int n) {
    for (int i = 0; i < n; i += SPECIES.length()) {
      var v = FloatVector.fromArray(SPECIES, z, i);
      var s = VectorMath.sigmoid(v);
      var gs = FloatVector.fromArray(SPECIES, g, i).mul(s);
      s.broadcast(1f)
          .sub(s)
          .fma(v, s.broadcast(1f))
          .mul(gs)
          .mul(FloatVector.fromArray(SPECIES, x, i))
          .intoArray(z, i);
      gs.mul(v).intoArray(g, i);
    }
  }

  private static void silu(float[] x, int n) {
    for (int i = 0; i < n; i += SPECIES.length()) {
      VectorMath.silu(FloatVector.fromArray(SPECIES, x, i)).intoArray(x, i);
    }
  }

  /** g *= s (1 + x (1 - s)). */
  private static void slope(float[] g, float[] x, int n) {
    for (int i = 0; i < n; i += SPECIES.length()) {
      var v = FloatVector.fromArray(SPECIES, x, i);
      var s = VectorMath.sigmoid(v);
      s.broadcast(1f)
          .sub(s)
          .fma(v, s.broadcast(1f))
          .mul(s)
          .mul(FloatVector.fromArray(SPECIES, g, i))
          .intoArray(g, i);
    }
  }
}
