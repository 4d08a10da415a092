// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.ops.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Small arrays as Java arrays, and partial sums back into arrays, always in the same order. */
final class Scalars {
  private Scalars() {}

  /** All elements as doubles. */
  static double[] all(INDArray array) {
    var out = new double[Math.toIntExact(array.length())];
    Tiles.of(array).read(0, out, 0, out.length);
    return out;
  }

  /** All elements of an array of floats. */
  static float[] floats(INDArray array) {
    var out = new float[Math.toIntExact(array.length())];
    Tiles.of(array).read(0, out, 0, out.length);
    return out;
  }

  /** The sum of the first elements, in four chains for the latency of an addition. */
  static double sum(double[] x, int length) {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int i = 0;
    for (; i < length - 3; i += 4) {
      a += x[i];
      b += x[i + 1];
      c += x[i + 2];
      d += x[i + 3];
    }
    for (; i < length; i++) {
      a += x[i];
    }
    return a + b + (c + d);
  }

  /** Sums a stretch of each task's partial sums into a new array in the form of {@code like}. */
  static INDArray sum(double[][] partial, int at, INDArray like) {
    var sum = new double[Math.toIntExact(like.length())];
    for (var part : partial) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += part[at + i];
      }
    }
    var out = Arrays.empty(like.dataType(), like.shape());
    Tiles.of(out).write(0, sum, 0, sum.length);
    return out;
  }

  /** Sums a stretch of each task's partial sums into a new array in the form of {@code like}. */
  static INDArray sum(float[][] partial, int at, INDArray like) {
    var sum = new double[Math.toIntExact(like.length())];
    for (var part : partial) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += part[at + i];
      }
    }
    var out = Arrays.empty(like.dataType(), like.shape());
    Tiles.of(out).write(0, sum, 0, sum.length);
    return out;
  }
}
