// SPDX-License-Identifier: Apache-2.0
package antaboga.distill;

import antaboga.Dims;
import antaboga.Tape;
import antaboga.Tensor;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The directions in which feature vectors vary most: eigenvectors of their covariance, gathered
 * image by image in double precision.
 *
 * <pre>{@code
 * var components = new PrincipalComponents(256);
 * for (var embedding : embeddings) components.add(embedding);
 * projector.start(components);
 * }</pre>
 */
public final class PrincipalComponents {
  private final int width;
  private final double[] mean;
  private final double[] scatter; // sum of (x - mean)(x - mean)^T, (K, K)
  private long count;

  /**
   * No vector seen yet.
   *
   * @param width K, the length of a vector
   */
  public PrincipalComponents(int width) {
    this.width = width;
    this.mean = new double[width];
    this.scatter = new double[width * width];
  }

  /** Adds the vector of every position. Embedding (B, K, H, W). */
  @SuppressWarnings("try") // the tape owns the memory of the products
  public void add(Tensor embedding) {
    Dims.of("PrincipalComponents").bind("embedding", embedding, "B " + width + " H W");
    try (var tape = new Tape(0)) {
      var x =
          embedding.to(DataType.DOUBLE).permute(1, 0, 2, 3).reshape(width, -1); // (K, positions)
      var center = x.meanKeep(1);
      var centred = x.sub(center);
      merge(x.size(1), center.toDoubles(), centred.linear(centred).toDoubles());
    }
  }

  // Chan, Golub and LeVeque 1979: two scatters about their own means become one about the common
  private void merge(long more, double[] center, double[] about) {
    double total = (double) count + more;
    double weight = (double) count * more / total;
    for (int i = 0; i < width; i++) {
      for (int j = 0; j < width; j++) {
        double shift = (center[i] - mean[i]) * (center[j] - mean[j]);
        scatter[i * width + j] += about[i * width + j] + weight * shift;
      }
    }
    for (int i = 0; i < width; i++) {
      mean[i] += (center[i] - mean[i]) * (more / total);
    }
    count += more;
  }

  /**
   * The eigenvectors of the largest eigenvalues as orthonormal rows, the largest first: (rows, K),
   * DOUBLE. An eigenvector has no sign of its own; here its entry of largest magnitude is positive.
   *
   * @throws IllegalArgumentException if there are not so many
   * @throws IllegalStateException if fewer than two vectors were added
   */
  public Tensor leading(int rows) {
    if (rows < 1 || rows > width) {
      throw new IllegalArgumentException(
          "PrincipalComponents: %d rows of vectors of length %d".formatted(rows, width));
    }
    if (count < 2) {
      throw new IllegalStateException(
          "PrincipalComponents: " + count + " vectors were added, expected 2 or more");
    }
    var eigen = new EigenDecomposition(covariance());
    var leading = new double[rows * width];
    for (int row = 0; row < rows; row++) {
      var vector = eigen.getEigenvector(row);
      double sign = sign(vector.toArray());
      for (int i = 0; i < width; i++) {
        leading[row * width + i] = sign * vector.getEntry(i);
      }
    }
    return Tensor.of(leading, rows, width);
  }

  private Array2DRowRealMatrix covariance() {
    var covariance = new double[width][width];
    for (int i = 0; i < width; i++) {
      for (int j = 0; j <= i; j++) { // exactly symmetric, or the solver takes it for a general one
        covariance[i][j] = scatter[i * width + j] / count;
        covariance[j][i] = covariance[i][j];
      }
    }
    return new Array2DRowRealMatrix(covariance, false);
  }

  private static double sign(double[] vector) {
    int largest = 0;
    for (int i = 1; i < vector.length; i++) {
      if (Math.abs(vector[i]) > Math.abs(vector[largest])) {
        largest = i;
      }
    }
    return Math.signum(vector[largest]);
  }
}
