// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.ops.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** GELU of floats; tiles are whole vectors, so that there are no tails. */
final class VectorGelu implements GeluKernel {
  private static final VectorSpecies<Float> SPECIES = VectorLanes.FLOAT;
  private static final float SQRT_HALF = (float) Math.sqrt(0.5);
  private static final float INVERSE_SQRT_2_PI = (float) (1 / Math.sqrt(2 * Math.PI));
  private static final float SQRT_2_OVER_PI = (float) Math.sqrt(2 / Math.PI);
  private static final float CUBIC = 0.044715f;
  private static final int TILE = 4096;

  private final ScalarGelu scalar = new ScalarGelu();

  @Override
  public INDArray forward(INDArray x, Form form) {
    if (x.dataType() != DataType.FLOAT) {
      return scalar.forward(x, form);
    }
    var y = Arrays.empty(x.dataType(), x.shape());
    var source = Tiles.of(x);
    var target = Tiles.of(y);
    Split.of(Math.toIntExact(x.length()), 1)
        .run(
            (task, from, to) -> {
              var tile = new float[TILE];
              var powers = new float[TILE];
              for (int at = from; at < to; at += TILE) {
                int n = Math.min(TILE, to - at);
                source.read(at, tile, 0, n);
                if (form == Form.ERF) {
                  erfPowers(powers, tile, n);
                  byErf(tile, powers, n);
                } else {
                  byTanh(tile, n);
                }
                target.write(at, tile, 0, n);
              }
            });
    return y;
  }

  @Override
  public INDArray backward(INDArray gradient, INDArray x, Form form) {
    if (x.dataType() != DataType.FLOAT) {
      return scalar.backward(gradient, x, form);
    }
    var dx = Arrays.empty(x.dataType(), x.shape());
    var source = Tiles.of(x);
    var gradients = Tiles.of(gradient);
    var target = Tiles.of(dx);
    Split.of(Math.toIntExact(x.length()), 1)
        .run(
            (task, from, to) -> {
              var tile = new float[TILE];
              var g = new float[TILE];
              var phi = new float[TILE];
              for (int at = from; at < to; at += TILE) {
                int n = Math.min(TILE, to - at);
                source.read(at, tile, 0, n);
                gradients.read(at, g, 0, n);
                if (form == Form.ERF) {
                  erfPowers(phi, tile, n);
                  distribution(phi, tile, n);
                  slope(g, phi, tile, n);
                } else {
                  slopeByTanh(g, tile, n);
                }
                target.write(at, g, 0, n);
              }
            });
    return dx;
  }

  // erf in three steps, one exponential a method: in one step it exceeds the inlining budget
  private static void erfPowers(float[] powers, float[] x, int n) {
    for (int i = 0; i < n; i += SPECIES.length()) {
      VectorMath.erfExponent(FloatVector.fromArray(SPECIES, x, i).mul(SQRT_HALF))
          .intoArray(powers, i);
    }
    for (int i = 0; i < n; i += SPECIES.length()) {
      VectorMath.exp(FloatVector.fromArray(SPECIES, powers, i)).intoArray(powers, i);
    }
  }

  private static void byErf(float[] x, float[] powers, int n) {
    for (int i = 0; i < n; i += SPECIES.length()) {
      var v = FloatVector.fromArray(SPECIES, x, i);
      VectorMath.erf(v.mul(SQRT_HALF), FloatVector.fromArray(SPECIES, powers, i))
          .add(1f)
          .mul(v.mul(0.5f))
          .intoArray(x, i);
    }
  }

  private static void byTanh(float[] x, int n) {
    for (int i = 0; i < n; i += SPECIES.length()) {
      var v = FloatVector.fromArray(SPECIES, x, i);
      VectorMath.tanh(inner(v)).add(1f).mul(v.mul(0.5f)).intoArray(x, i);
    }
  }

  private static FloatVector inner(FloatVector v) {
    return v.mul(v).fma(v.broadcast(CUBIC), v.broadcast(1f)).mul(v).mul(SQRT_2_OVER_PI);
  }

  /** phi, whose place holds the powers. */
  private static void distribution(float[] phi, float[] x, int n) {
    for (int i = 0; i < n; i += SPECIES.length()) {
      var v = FloatVector.fromArray(SPECIES, x, i);
      VectorMath.erf(v.mul(SQRT_HALF), FloatVector.fromArray(SPECIES, phi, i))
          .add(1f)
          .mul(0.5f)
          .intoArray(phi, i);
    }
  }

  /** g *= phi + x e^(-x^2 / 2) / sqrt(2 pi). */
  private static void slope(float[] g, float[] phi, float[] x, int n) {
    for (int i = 0; i < n; i += SPECIES.length()) {
      var v = FloatVector.fromArray(SPECIES, x, i);
      VectorMath.exp(v.mul(v).mul(-0.5f))
          .mul(INVERSE_SQRT_2_PI)
          .fma(v, FloatVector.fromArray(SPECIES, phi, i))
          .mul(FloatVector.fromArray(SPECIES, g, i))
          .intoArray(g, i);
    }
  }

  /** g *= (1 + t) / 2 + x (1 - t^2) inner'(x) / 2. */
  private static void slopeByTanh(float[] g, float[] x, int n) {
    for (int i = 0; i < n; i += SPECIES.length()) {
      var v = FloatVector.fromArray(SPECIES, x, i);
      var t = VectorMath.tanh(inner(v));
      var rate = v.mul(v).fma(v.broadcast(3 * CUBIC), v.broadcast(1f)).mul(SQRT_2_OVER_PI);
      t.broadcast(1f)
          .sub(t.mul(t))
          .mul(rate.mul(v))
          .add(t)
          .add(1f)
          .mul(FloatVector.fromArray(SPECIES, g, i).mul(0.5f))
          .intoArray(g, i);
    }
  }
}
