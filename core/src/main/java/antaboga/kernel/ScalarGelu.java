// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.ops.Arrays;
import org.apache.commons.math3.special.Erf;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The specification of GELU: in double, for float and double arrays. */
final class ScalarGelu implements GeluKernel {
  private static final double SQRT_HALF = Math.sqrt(0.5);
  private static final double SQRT_2_PI = Math.sqrt(2 * Math.PI);
  private static final double SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);
  private static final double CUBIC = 0.044715;
  private static final int TILE = 4096;

  @Override
  public INDArray forward(INDArray x, Form form) {
    var y = Arrays.empty(x.dataType(), x.shape());
    var source = Tiles.of(x);
    var target = Tiles.of(y);
    Split.of(Math.toIntExact(x.length()), 1)
        .run(
            (task, from, to) -> {
              var tile = new double[TILE];
              for (int at = from; at < to; at += TILE) {
                int n = Math.min(TILE, to - at);
                source.read(at, tile, 0, n);
                for (int i = 0; i < n; i++) {
                  tile[i] = form == Form.ERF ? tile[i] * phi(tile[i]) : byTanh(tile[i]);
                }
                target.write(at, tile, 0, n);
              }
            });
    return y;
  }

  @Override
  public INDArray backward(INDArray gradient, INDArray x, Form form) {
    var dx = Arrays.empty(x.dataType(), x.shape());
    var source = Tiles.of(x);
    var gradients = Tiles.of(gradient);
    var target = Tiles.of(dx);
    Split.of(Math.toIntExact(x.length()), 1)
        .run(
            (task, from, to) -> {
              var tile = new double[TILE];
              var g = new double[TILE];
              for (int at = from; at < to; at += TILE) {
                int n = Math.min(TILE, to - at);
                source.read(at, tile, 0, n);
                gradients.read(at, g, 0, n);
                for (int i = 0; i < n; i++) {
                  g[i] *= form == Form.ERF ? slope(tile[i]) : slopeByTanh(tile[i]);
                }
                target.write(at, g, 0, n);
              }
            });
    return dx;
  }

  private static double phi(double x) {
    return 0.5 * (1 + Erf.erf(x * SQRT_HALF));
  }

  private static double slope(double x) {
    return phi(x) + x * Math.exp(-0.5 * x * x) / SQRT_2_PI;
  }

  private static double byTanh(double x) {
    return 0.5 * x * (1 + Math.tanh(SQRT_2_OVER_PI * (x + CUBIC * x * x * x)));
  }

  private static double slopeByTanh(double x) {
    double t = Math.tanh(SQRT_2_OVER_PI * (x + CUBIC * x * x * x));
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * SQRT_2_OVER_PI * (1 + 3 * CUBIC * x * x);
  }
}
