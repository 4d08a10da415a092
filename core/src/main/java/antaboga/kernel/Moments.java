// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.kernel.NormKernel.Layout;
import antaboga.ops.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Mean and unbiased variance of rows, in double. */
public final class Moments {
  private Moments() {}

  /** The means of all rows, then their variances: (2, rows). */
  public static INDArray of(INDArray x, Layout layout) {
    int rows = layout.rows();
    int width = layout.width();
    var out = Arrays.empty(x.dataType(), 2, rows);
    var moments = new double[2 * rows];
    var source = Tiles.of(x);
    Split.of(rows, width)
        .run(
            (task, from, to) -> {
              var piece = new double[layout.run()];
              for (int r = from; r < to; r++) {
                moments[r] = sum(source, layout, r, 0, false, piece) / width;
                moments[rows + r] = sum(source, layout, r, moments[r], true, piece) / (width - 1);
              }
            });
    Tiles.of(out).write(0, moments, 0, moments.length);
    return out;
  }

  private static double sum(
      Tiles source, Layout layout, int row, double mean, boolean squared, double[] piece) {
    double sum = 0;
    for (int p = 0; p < layout.pieces(); p++) {
      source.read(layout.position(row, p), piece, 0, piece.length);
      if (squared) {
        for (int i = 0; i < piece.length; i++) {
          piece[i] = (piece[i] - mean) * (piece[i] - mean);
        }
      }
      sum += Scalars.sum(piece, piece.length);
    }
    return sum;
  }

  /** The gradient of x: {@code g_mean / n + 2 g_variance (x - mean) / (n - 1)}. */
  public static INDArray backward(INDArray gradient, INDArray x, Layout layout) {
    int rows = layout.rows();
    int width = layout.width();
    var dx = Arrays.empty(x.dataType(), x.shape());
    var g = Scalars.all(gradient);
    var source = Tiles.of(x);
    var target = Tiles.of(dx);
    Split.of(rows, width)
        .run(
            (task, from, to) -> {
              var piece = new double[layout.run()];
              for (int r = from; r < to; r++) {
                double mean = sum(source, layout, r, 0, false, piece) / width;
                for (int p = 0; p < layout.pieces(); p++) {
                  source.read(layout.position(r, p), piece, 0, piece.length);
                  for (int i = 0; i < piece.length; i++) {
                    piece[i] = g[r] / width + 2 * g[rows + r] * (piece[i] - mean) / (width - 1);
                  }
                  target.write(layout.position(r, p), piece, 0, piece.length);
                }
              }
            });
    return dx;
  }
}
