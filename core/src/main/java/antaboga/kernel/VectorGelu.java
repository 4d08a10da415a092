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
                powers(powers, tile, n, form);
                if (form == Form.ERF) {
                  byErf(tile, powers, n);
                } else {
                  byTanh(tile, powers, n);
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
              var powers = new float[TILE];
              var densities = new float[TILE];
              for (int at = from; at < to; at += TILE) {
                int n = Math.min(TILE, to - at);
                source.read(at, tile, 0, n);
                gradients.read(at, g, 0, n);
                powers(powers, tile, n, form);
                if (form == Form.ERF) {
                  distribution(powers, tile, n);
                  densities(densities, tile, n);
                  slope(g, powers, densities, tile, n);
                } else {
                  tanh(powers, tile, n);
                  slopeByTanh(g, powers, tile, n);
                }
                target.write(at, g, 0, n);
              }
            });
    return dx;
  }

  // erf and tanh in steps around the exponential: in one step they exceed the inlining budget
  private static void powers(float[] powers, float[] x, int n, Form form) {
    if (form == Form.ERF) {
      erfExponents(powers, x, n);
    } else {
      tanhExponents(powers, x, n);
    }
    VectorExp.exp(powers, 0, VectorProduct.padded(n), 0);
  }

  private static void erfExponents(float[] powers, float[] x, int n) {
    for (int i = 0; i < n; i += SPECIES.length()) {
      VectorMath.erfExponent(FloatVector.fromArray(SPECIES, x, i).mul(SQRT_HALF))
          .intoArray(powers, i);
    }
  }

  private static void tanhExponents(float[] powers, float[] x, int n) {
    for (int i = 0; i < n; i += SPECIES.length()) {
      VectorMath.tanhExponent(inner(FloatVector.fromArray(SPECIES, x, i))).intoArray(powers, i);
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

  private static void byTanh(float[] x, float[] powers, int n) {
    for (int i = 0; i < n; i += SPECIES.length()) {
      var v = FloatVector.fromArray(SPECIES, x, i);
      VectorMath.tanh(inner(v), FloatVector.fromArray(SPECIES, powers, i))
          .add(1f)
          .mul(v.mul(0.5f))
          .intoArray(x, i);
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

  /** e^(-x^2 / 2). */
  private static void densities(float[] densities, float[] x, int n) {
    for (int i = 0; i < n; i += SPECIES.length()) {
      var v = FloatVector.fromArray(SPECIES, x, i);
      v.mul(v).mul(-0.5f).intoArray(densities, i);
    }
    VectorExp.exp(densities, 0, VectorProduct.padded(n), 0);
  }

  /** g *= phi + x e^(-x^2 / 2) / sqrt(2 pi). */
  private static void slope(float[] g, float[] phi, float[] densities, float[] x, int n) {
    for (int i = 0; i < n; i += SPECIES.length()) {
      FloatVector.fromArray(SPECIES, densities, i)
          .mul(INVERSE_SQRT_2_PI)
          .fma(FloatVector.fromArray(SPECIES, x, i), FloatVector.fromArray(SPECIES, phi, i))
          .mul(FloatVector.fromArray(SPECIES, g, i))
          .intoArray(g, i);
    }
  }

  /** tanh of the inner function, whose place holds the powers. */
  private static void tanh(float[] t, float[] x, int n) {
    for (int i = 0; i < n; i += SPECIES.length()) {
      VectorMath.tanh(
              inner(FloatVector.fromArray(SPECIES, x, i)), FloatVector.fromArray(SPECIES, t, i))
          .intoArray(t, i);
    }
  }

  /** g *= (1 + t) / 2 + x (1 - t^2) inner'(x) / 2. */
  private static void slopeByTanh(float[] g, float[] tanh, float[] x, int n) {
    for (int i = 0; i < n; i += SPECIES.length()) {
      var v = FloatVector.fromArray(SPECIES, x, i);
      var t = FloatVector.fromArray(SPECIES, tanh, i);
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
