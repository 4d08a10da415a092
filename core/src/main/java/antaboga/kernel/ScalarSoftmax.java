// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.ops.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The specification of softmax: in double, for float and double arrays. */
final class ScalarSoftmax implements SoftmaxKernel {
  @Override
  public INDArray forward(INDArray x, int outer, int n, int inner, Form form) {
    var y = Arrays.empty(x.dataType(), x.shape());
    var source = Tiles.of(x);
    var target = Tiles.of(y);
    int slab = n * inner;
    Split.of(outer, slab)
        .run(
            (task, from, to) -> {
              var tile = new double[slab];
              for (int o = from; o < to; o++) {
                source.read((long) o * slab, tile, 0, slab);
                for (int i = 0; i < inner; i++) {
                  forward(tile, i, inner, form);
                }
                target.write((long) o * slab, tile, 0, slab);
              }
            });
    return y;
  }

  private static void forward(double[] tile, int at, int stride, Form form) {
    double max = Double.NEGATIVE_INFINITY;
    for (int i = at; i < tile.length; i += stride) {
      max = Math.max(max, tile[i]);
    }
    double sum = 0;
    for (int i = at; i < tile.length; i += stride) {
      sum += Math.exp(tile[i] - max);
    }
    double log = Math.log(sum);
    for (int i = at; i < tile.length; i += stride) {
      double shifted = tile[i] - max;
      tile[i] = form == Form.VALUE ? Math.exp(shifted) / sum : shifted - log;
    }
  }

  @Override
  public INDArray backward(INDArray gradient, INDArray y, int outer, int n, int inner, Form form) {
    var dx = Arrays.empty(y.dataType(), y.shape());
    var values = Tiles.of(y);
    var gradients = Tiles.of(gradient);
    var target = Tiles.of(dx);
    int slab = n * inner;
    Split.of(outer, slab)
        .run(
            (task, from, to) -> {
              var tile = new double[slab];
              var g = new double[slab];
              for (int o = from; o < to; o++) {
                values.read((long) o * slab, tile, 0, slab);
                gradients.read((long) o * slab, g, 0, slab);
                for (int i = 0; i < inner; i++) {
                  backward(g, tile, i, inner, form);
                }
                target.write((long) o * slab, g, 0, slab);
              }
            });
    return dx;
  }

  private static void backward(double[] g, double[] y, int at, int stride, Form form) {
    double sum = 0;
    for (int i = at; i < y.length; i += stride) {
      sum += form == Form.VALUE ? g[i] * y[i] : g[i];
    }
    for (int i = at; i < y.length; i += stride) {
      g[i] = form == Form.VALUE ? y[i] * (g[i] - sum) : g[i] - Math.exp(y[i]) * sum;
    }
  }
}
