// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products of small matrices in {@code float[]} tiles, for kernels that fuse them with what comes
 * before and after. Four rows by two vectors at a time: eight independent chains hide the latency
 * of multiply-add. Twelve would need all sixteen registers of AVX2, and the compiler then keeps one
 * of the sums in memory, which takes twice as long.
 */
final class VectorProduct {
  private static final VectorSpecies<Float> SPECIES = VectorLanes.FLOAT;
  private static final int LANES = SPECIES.length();

  /** Columns of a panel, a tile whose rows follow one another. */
  static final int PANEL = 2 * LANES;

  private VectorProduct() {}

  /** A number of columns as whole panels. */
  static int panelled(int columns) {
    return (columns + PANEL - 1) / PANEL * PANEL;
  }

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
    int wide = padded(n);
    int j = 0;
    for (; j <= wide - PANEL; j += PANEL) {
      int i = 0;
      for (; i <= m - 4; i += 4) {
        fourByTwo(
            a, aAt + i * aRow, aRow, aColumn, b, bAt + j, bRow, c, cAt + i * cRow + j, cRow, inner);
      }
      for (; i < m; i++) {
        one(a, aAt + i * aRow, aColumn, b, bAt + j, bRow, c, cAt + i * cRow + j, inner);
        one(
            a,
            aAt + i * aRow,
            aColumn,
            b,
            bAt + j + LANES,
            bRow,
            c,
            cAt + i * cRow + j + LANES,
            inner);
      }
    }
    if (j < wide) {
      for (int i = 0; i < m; i++) {
        one(a, aAt + i * aRow, aColumn, b, bAt + j, bRow, c, cAt + i * cRow + j, inner);
      }
    }
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

  /**
   * {@code c += a^T b}: a and b are panels (inner, PANEL), of which a's first {@code rows} columns
   * are used, in fours; rows of c, {@code cRow} apart, hold PANEL elements. All steps of the inner
   * loop are constants, which makes it up to a half quicker than {@link #add}.
   */
  static void addPanels(
      float[] a, int aAt, float[] b, int bAt, float[] c, int cAt, int cRow, int rows, int inner) {
    for (int i = 0; i < rows; i += 4) {
      fourOfPanel(a, aAt + i, b, bAt, c, cAt + i * cRow, cRow, inner);
    }
  }

  private static void fourOfPanel(
      float[] a, int aAt, float[] b, int bAt, float[] c, int cAt, int cRow, int inner) {
    int c1At = cAt + cRow;
    int c2At = cAt + 2 * cRow;
    int c3At = cAt + 3 * cRow;
    var c00 = FloatVector.fromArray(SPECIES, c, cAt);
    var c01 = FloatVector.fromArray(SPECIES, c, cAt + LANES);
    var c10 = FloatVector.fromArray(SPECIES, c, c1At);
    var c11 = FloatVector.fromArray(SPECIES, c, c1At + LANES);
    var c20 = FloatVector.fromArray(SPECIES, c, c2At);
    var c21 = FloatVector.fromArray(SPECIES, c, c2At + LANES);
    var c30 = FloatVector.fromArray(SPECIES, c, c3At);
    var c31 = FloatVector.fromArray(SPECIES, c, c3At + LANES);
    for (int k = 0; k < inner; k++) {
      var b0 = FloatVector.fromArray(SPECIES, b, bAt + k * PANEL);
      var b1 = FloatVector.fromArray(SPECIES, b, bAt + k * PANEL + LANES);
      var a0 = FloatVector.broadcast(SPECIES, a[aAt + k * PANEL]);
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      var a1 = FloatVector.broadcast(SPECIES, a[aAt + k * PANEL + 1]);
      c10 = a1.fma(b0, c10);
      c11 = a1.fma(b1, c11);
      var a2 = FloatVector.broadcast(SPECIES, a[aAt + k * PANEL + 2]);
      c20 = a2.fma(b0, c20);
      c21 = a2.fma(b1, c21);
      var a3 = FloatVector.broadcast(SPECIES, a[aAt + k * PANEL + 3]);
      c30 = a3.fma(b0, c30);
      c31 = a3.fma(b1, c31);
    }
    c00.intoArray(c, cAt);
    c01.intoArray(c, cAt + LANES);
    c10.intoArray(c, c1At);
    c11.intoArray(c, c1At + LANES);
    c20.intoArray(c, c2At);
    c21.intoArray(c, c2At + LANES);
    c30.intoArray(c, c3At);
    c31.intoArray(c, c3At + LANES);
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
}
