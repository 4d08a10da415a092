// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products of small matrices in {@code float[]} tiles, for kernels that fuse them with what comes
 * before and after. Four rows by three vectors at a time: twelve independent chains hide the
 * latency of multiply-add, and with what they need they fill sixteen registers.
 */
final class VectorProduct {
  private static final VectorSpecies<Float> SPECIES = VectorLanes.FLOAT;
  private static final int LANES = SPECIES.length();

  private VectorProduct() {}

  /** A number of columns as whole vectors: the row length that tiles of b and c need. */
  static int padded(int columns) {
    return (columns + LANES - 1) / LANES * LANES;
  }

  /**
   * {@code c += a b}: element (i, k) of a at {@code aAt + i * aRow + k * aColumn}, rows of b and c
   * {@code bRow} and {@code cRow} apart. Columns are taken in whole vectors, so rows of b and c
   * must have room for {@code padded(n)}.
   */
  static void add(
      float[] a,
      int aAt,
      int aRow,
      int aColumn,
      float[] b,
      int bAt,
      int bRow,
      float[] c,
      int cAt,
      int cRow,
      int m,
      int n,
      int inner) {
    int left = padded(n) / LANES;
    for (int j = 0; left > 0; ) {
      // three vectors at a time, but never a single one at the end
      int vectors = left == 4 ? 2 : Math.min(3, left);
      int i = 0;
      for (; i <= m - 4 && vectors > 1; i += 4) {
        if (vectors == 3) {
          fourByThree(
              a,
              aAt + i * aRow,
              aRow,
              aColumn,
              b,
              bAt + j,
              bRow,
              c,
              cAt + i * cRow + j,
              cRow,
              inner);
        } else {
          fourByTwo(
              a,
              aAt + i * aRow,
              aRow,
              aColumn,
              b,
              bAt + j,
              bRow,
              c,
              cAt + i * cRow + j,
              cRow,
              inner);
        }
      }
      for (; i < m; i++) {
        for (int v = 0; v < vectors; v++) {
          int column = j + v * LANES;
          one(a, aAt + i * aRow, aColumn, b, bAt + column, bRow, c, cAt + i * cRow + column, inner);
        }
      }
      j += vectors * LANES;
      left -= vectors;
    }
  }

  private static void fourByThree(
      float[] a,
      int aAt,
      int aRow,
      int aColumn,
      float[] b,
      int bAt,
      int bRow,
      float[] c,
      int cAt,
      int cRow,
      int inner) {
    var c00 = FloatVector.zero(SPECIES);
    var c01 = FloatVector.zero(SPECIES);
    var c02 = FloatVector.zero(SPECIES);
    var c10 = FloatVector.zero(SPECIES);
    var c11 = FloatVector.zero(SPECIES);
    var c12 = FloatVector.zero(SPECIES);
    var c20 = FloatVector.zero(SPECIES);
    var c21 = FloatVector.zero(SPECIES);
    var c22 = FloatVector.zero(SPECIES);
    var c30 = FloatVector.zero(SPECIES);
    var c31 = FloatVector.zero(SPECIES);
    var c32 = FloatVector.zero(SPECIES);
    for (int k = 0; k < inner; k++) {
      int at = aAt + k * aColumn;
      var b0 = FloatVector.fromArray(SPECIES, b, bAt + k * bRow);
      var b1 = FloatVector.fromArray(SPECIES, b, bAt + k * bRow + LANES);
      var b2 = FloatVector.fromArray(SPECIES, b, bAt + k * bRow + 2 * LANES);
      var a0 = FloatVector.broadcast(SPECIES, a[at]);
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      c02 = a0.fma(b2, c02);
      var a1 = FloatVector.broadcast(SPECIES, a[at + aRow]);
      c10 = a1.fma(b0, c10);
      c11 = a1.fma(b1, c11);
      c12 = a1.fma(b2, c12);
      var a2 = FloatVector.broadcast(SPECIES, a[at + 2 * aRow]);
      c20 = a2.fma(b0, c20);
      c21 = a2.fma(b1, c21);
      c22 = a2.fma(b2, c22);
      var a3 = FloatVector.broadcast(SPECIES, a[at + 3 * aRow]);
      c30 = a3.fma(b0, c30);
      c31 = a3.fma(b1, c31);
      c32 = a3.fma(b2, c32);
    }
    c00.add(FloatVector.fromArray(SPECIES, c, cAt)).intoArray(c, cAt);
    c01.add(FloatVector.fromArray(SPECIES, c, cAt + LANES)).intoArray(c, cAt + LANES);
    c02.add(FloatVector.fromArray(SPECIES, c, cAt + 2 * LANES)).intoArray(c, cAt + 2 * LANES);
    c10.add(FloatVector.fromArray(SPECIES, c, cAt + cRow)).intoArray(c, cAt + cRow);
    c11.add(FloatVector.fromArray(SPECIES, c, cAt + cRow + LANES)).intoArray(c, cAt + cRow + LANES);
    c12.add(FloatVector.fromArray(SPECIES, c, cAt + cRow + 2 * LANES))
        .intoArray(c, cAt + cRow + 2 * LANES);
    c20.add(FloatVector.fromArray(SPECIES, c, cAt + 2 * cRow)).intoArray(c, cAt + 2 * cRow);
    c21.add(FloatVector.fromArray(SPECIES, c, cAt + 2 * cRow + LANES))
        .intoArray(c, cAt + 2 * cRow + LANES);
    c22.add(FloatVector.fromArray(SPECIES, c, cAt + 2 * cRow + 2 * LANES))
        .intoArray(c, cAt + 2 * cRow + 2 * LANES);
    c30.add(FloatVector.fromArray(SPECIES, c, cAt + 3 * cRow)).intoArray(c, cAt + 3 * cRow);
    c31.add(FloatVector.fromArray(SPECIES, c, cAt + 3 * cRow + LANES))
        .intoArray(c, cAt + 3 * cRow + LANES);
    c32.add(FloatVector.fromArray(SPECIES, c, cAt + 3 * cRow + 2 * LANES))
        .intoArray(c, cAt + 3 * cRow + 2 * LANES);
  }

  private static void fourByTwo(
      float[] a,
      int aAt,
      int aRow,
      int aColumn,
      float[] b,
      int bAt,
      int bRow,
      float[] c,
      int cAt,
      int cRow,
      int inner) {
    var c00 = FloatVector.zero(SPECIES);
    var c01 = FloatVector.zero(SPECIES);
    var c10 = FloatVector.zero(SPECIES);
    var c11 = FloatVector.zero(SPECIES);
    var c20 = FloatVector.zero(SPECIES);
    var c21 = FloatVector.zero(SPECIES);
    var c30 = FloatVector.zero(SPECIES);
    var c31 = FloatVector.zero(SPECIES);
    for (int k = 0; k < inner; k++) {
      int at = aAt + k * aColumn;
      var b0 = FloatVector.fromArray(SPECIES, b, bAt + k * bRow);
      var b1 = FloatVector.fromArray(SPECIES, b, bAt + k * bRow + LANES);
      var a0 = FloatVector.broadcast(SPECIES, a[at]);
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      var a1 = FloatVector.broadcast(SPECIES, a[at + aRow]);
      c10 = a1.fma(b0, c10);
      c11 = a1.fma(b1, c11);
      var a2 = FloatVector.broadcast(SPECIES, a[at + 2 * aRow]);
      c20 = a2.fma(b0, c20);
      c21 = a2.fma(b1, c21);
      var a3 = FloatVector.broadcast(SPECIES, a[at + 3 * aRow]);
      c30 = a3.fma(b0, c30);
      c31 = a3.fma(b1, c31);
    }
    c00.add(FloatVector.fromArray(SPECIES, c, cAt)).intoArray(c, cAt);
    c01.add(FloatVector.fromArray(SPECIES, c, cAt + LANES)).intoArray(c, cAt + LANES);
    c10.add(FloatVector.fromArray(SPECIES, c, cAt + cRow)).intoArray(c, cAt + cRow);
    c11.add(FloatVector.fromArray(SPECIES, c, cAt + cRow + LANES)).intoArray(c, cAt + cRow + LANES);
    c20.add(FloatVector.fromArray(SPECIES, c, cAt + 2 * cRow)).intoArray(c, cAt + 2 * cRow);
    c21.add(FloatVector.fromArray(SPECIES, c, cAt + 2 * cRow + LANES))
        .intoArray(c, cAt + 2 * cRow + LANES);
    c30.add(FloatVector.fromArray(SPECIES, c, cAt + 3 * cRow)).intoArray(c, cAt + 3 * cRow);
    c31.add(FloatVector.fromArray(SPECIES, c, cAt + 3 * cRow + LANES))
        .intoArray(c, cAt + 3 * cRow + LANES);
  }

  private static void one(
      float[] a,
      int aAt,
      int aColumn,
      float[] b,
      int bAt,
      int bRow,
      float[] c,
      int cAt,
      int inner) {
    var even = FloatVector.fromArray(SPECIES, c, cAt);
    var odd = FloatVector.zero(SPECIES);
    int k = 0;
    for (; k < inner - 1; k += 2) {
      even =
          FloatVector.fromArray(SPECIES, b, bAt + k * bRow)
              .fma(FloatVector.broadcast(SPECIES, a[aAt + k * aColumn]), even);
      odd =
          FloatVector.fromArray(SPECIES, b, bAt + (k + 1) * bRow)
              .fma(FloatVector.broadcast(SPECIES, a[aAt + (k + 1) * aColumn]), odd);
    }
    if (k < inner) {
      even =
          FloatVector.fromArray(SPECIES, b, bAt + k * bRow)
              .fma(FloatVector.broadcast(SPECIES, a[aAt + k * aColumn]), even);
    }
    even.add(odd).intoArray(c, cAt);
  }

  /**
   * {@code c += a b^T}: rows of a and b hold {@code padded(inner)} elements, of which the last ones
   * are zero.
   */
  static void addTransposed(
      float[] a,
      int aAt,
      int aRow,
      float[] b,
      int bAt,
      int bRow,
      float[] c,
      int cAt,
      int cRow,
      int m,
      int n,
      int inner) {
    int i = 0;
    for (; i <= m - 4; i += 4) {
      int j = 0;
      for (; j <= n - 2; j += 2) {
        dots(
            a,
            aAt + i * aRow,
            aRow,
            b,
            bAt + j * bRow,
            bRow,
            c,
            cAt + i * cRow + j,
            cRow,
            padded(inner));
      }
      for (; j < n; j++) {
        for (int r = i; r < i + 4; r++) {
          c[cAt + r * cRow + j] += dot(a, aAt + r * aRow, b, bAt + j * bRow, padded(inner));
        }
      }
    }
    for (; i < m; i++) {
      for (int j = 0; j < n; j++) {
        c[cAt + i * cRow + j] += dot(a, aAt + i * aRow, b, bAt + j * bRow, padded(inner));
      }
    }
  }

  private static void dots(
      float[] a,
      int aAt,
      int aRow,
      float[] b,
      int bAt,
      int bRow,
      float[] c,
      int cAt,
      int cRow,
      int inner) {
    var c00 = FloatVector.zero(SPECIES);
    var c01 = FloatVector.zero(SPECIES);
    var c10 = FloatVector.zero(SPECIES);
    var c11 = FloatVector.zero(SPECIES);
    var c20 = FloatVector.zero(SPECIES);
    var c21 = FloatVector.zero(SPECIES);
    var c30 = FloatVector.zero(SPECIES);
    var c31 = FloatVector.zero(SPECIES);
    for (int k = 0; k < inner; k += LANES) {
      var b0 = FloatVector.fromArray(SPECIES, b, bAt + k);
      var b1 = FloatVector.fromArray(SPECIES, b, bAt + bRow + k);
      var a0 = FloatVector.fromArray(SPECIES, a, aAt + k);
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      var a1 = FloatVector.fromArray(SPECIES, a, aAt + aRow + k);
      c10 = a1.fma(b0, c10);
      c11 = a1.fma(b1, c11);
      var a2 = FloatVector.fromArray(SPECIES, a, aAt + 2 * aRow + k);
      c20 = a2.fma(b0, c20);
      c21 = a2.fma(b1, c21);
      var a3 = FloatVector.fromArray(SPECIES, a, aAt + 3 * aRow + k);
      c30 = a3.fma(b0, c30);
      c31 = a3.fma(b1, c31);
    }
    c[cAt] += VectorMath.sum(c00);
    c[cAt + 1] += VectorMath.sum(c01);
    c[cAt + cRow] += VectorMath.sum(c10);
    c[cAt + cRow + 1] += VectorMath.sum(c11);
    c[cAt + 2 * cRow] += VectorMath.sum(c20);
    c[cAt + 2 * cRow + 1] += VectorMath.sum(c21);
    c[cAt + 3 * cRow] += VectorMath.sum(c30);
    c[cAt + 3 * cRow + 1] += VectorMath.sum(c31);
  }

  private static float dot(float[] a, int aAt, float[] b, int bAt, int inner) {
    var sum = FloatVector.zero(SPECIES);
    for (int k = 0; k < inner; k += LANES) {
      sum =
          FloatVector.fromArray(SPECIES, a, aAt + k)
              .fma(FloatVector.fromArray(SPECIES, b, bAt + k), sum);
    }
    return VectorMath.sum(sum);
  }
}
