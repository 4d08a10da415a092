// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Dims;
import antaboga.Parameter;
import antaboga.Tensor;
import antaboga.nn.Init;
import antaboga.nn.Weights;

/**
 * Random Fourier features of a point c = (x, y) in [0, 1]²: {@code v = 2 pi (2c - 1) G}, {@code
 * [sin v, cos v]}; G (2, F), a buffer. Source: {@code PositionEmbeddingRandom} of segment_anything;
 * Tancik et al. 2020, arXiv 2006.10739.
 */
record PositionEmbedding(Parameter matrix) {
  PositionEmbedding(Weights w, int features) {
    this(w.buffer("positional_encoding_gaussian_matrix", Init.normal(1), 2, features));
  }

  /** The features of points (K, 2) within [0, 1]²: (K, 2F). */
  Tensor of(double[][] points) {
    var g = matrix.toDoubles();
    int features = g.length / 2;
    Dims.of("position embedding").bind("matrix", matrix, "2 F");
    var out = new double[points.length * 2 * features];
    for (int p = 0; p < points.length; p++) {
      double x = 2 * points[p][0] - 1;
      double y = 2 * points[p][1] - 1;
      for (int f = 0; f < features; f++) {
        double v = 2 * Math.PI * (x * g[f] + y * g[features + f]);
        out[p * 2 * features + f] = Math.sin(v);
        out[(p * 2 + 1) * features + f] = Math.cos(v);
      }
    }
    return Tensor.of(out, points.length, 2L * features).to(matrix.type());
  }

  /** The features of the centres of a grid's cells, row by row: (height width, 2F). */
  Tensor grid(int height, int width) {
    var points = new double[height * width][];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        points[y * width + x] = new double[] {(x + 0.5) / width, (y + 0.5) / height};
      }
    }
    return of(points);
  }
}
