// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.ops.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The specification of normalisation: plain loops in double, for float and double arrays. */
final class ScalarNorm implements NormKernel {
  @Override
  public Normalized forward(
      INDArray x, INDArray weight, INDArray bias, Layout layout, Rule rule, double eps) {
    var mean = Arrays.empty(x.dataType(), layout.rows());
    var scale = Arrays.empty(x.dataType(), layout.rows());
    var y = normalize(x, weight, bias, layout, rule, eps, mean, scale);
    return new Normalized(y, mean, scale);
  }

  @Override
  public INDArray forward(
      INDArray x, INDArray weight, INDArray bias, Layout layout, INDArray mean, INDArray scale) {
    return normalize(x, weight, bias, layout, Rule.GIVEN, 0, mean, scale);
  }

  private static INDArray normalize(
      INDArray x,
      INDArray weight,
      INDArray bias,
      Layout layout,
      Rule rule,
      double eps,
      INDArray mean,
      INDArray scale) {
    var y = Arrays.empty(x.dataType(), x.shape());
    int width = layout.width();
    int span = layout.span(weight);
    var w = Scalars.all(weight);
    var b = Scalars.all(bias);
    var source = Tiles.of(x);
    var target = Tiles.of(y);
    var means = Tiles.of(mean);
    var scales = Tiles.of(scale);
    Split.of(layout.rows(), width)
        .run(
            (task, from, to) -> {
              var row = new double[width];
              var statistics = new double[2];
              for (int r = from; r < to; r++) {
                gather(source, layout, r, row);
                if (rule == Rule.GIVEN) {
                  means.read(r, statistics, 0, 1);
                  scales.read(r, statistics, 1, 1);
                } else {
                  measure(row, rule, eps, statistics);
                  means.write(r, statistics, 0, 1);
                  scales.write(r, statistics, 1, 1);
                }
                double mu = origin(row, rule) + statistics[0];
                int first = (r % layout.groups()) * (w.length / layout.groups());
                for (int i = 0; i < width; i++) {
                  int c = first + i / span;
                  row[i] = (row[i] - mu) * statistics[1] * w[c] + b[c];
                }
                scatter(target, layout, r, row);
              }
            });
    return y;
  }

  private static void measure(double[] row, Rule rule, double eps, double[] statistics) {
    double origin = origin(row, rule);
    double mean = 0;
    if (rule == Rule.CENTRED) {
      for (double value : row) {
        mean += value - origin;
      }
      mean /= row.length;
    }
    double squares = 0;
    for (double value : row) {
      double d = value - origin - mean;
      squares += d * d;
    }
    statistics[0] = mean;
    statistics[1] = 1 / Math.sqrt(squares / row.length + eps);
  }

  private static double origin(double[] row, Rule rule) {
    return rule == Rule.CENTRED ? row[0] : 0;
  }

  @Override
  public Gradients backward(
      INDArray gradient,
      INDArray x,
      INDArray weight,
      Layout layout,
      Rule rule,
      INDArray mean,
      INDArray scale) {
    var dx = Arrays.empty(x.dataType(), x.shape());
    int width = layout.width();
    int span = layout.span(weight);
    var w = Scalars.all(weight);
    var source = Tiles.of(x);
    var gradients = Tiles.of(gradient);
    var target = Tiles.of(dx);
    var means = Scalars.all(mean);
    var scales = Scalars.all(scale);
    var split = Split.of(layout.rows(), width);
    var partial = new double[split.tasks()][2 * w.length];
    split.run(
        (task, from, to) -> {
          var row = new double[width];
          var g = new double[width];
          for (int r = from; r < to; r++) {
            gather(source, layout, r, row);
            gather(gradients, layout, r, g);
            double mu = origin(row, rule) + means[r];
            int first = (r % layout.groups()) * (w.length / layout.groups());
            double sum = 0; // of g w
            double product = 0; // of g w xhat
            for (int i = 0; i < width; i++) {
              int c = first + i / span;
              row[i] = (row[i] - mu) * scales[r];
              partial[task][c] += g[i] * row[i];
              partial[task][w.length + c] += g[i];
              g[i] *= w[c];
              sum += g[i];
              product += g[i] * row[i];
            }
            double a = rule == Rule.CENTRED ? sum / width : 0;
            double b = rule == Rule.GIVEN ? 0 : product / width;
            for (int i = 0; i < width; i++) {
              row[i] = (g[i] - a - row[i] * b) * scales[r];
            }
            scatter(target, layout, r, row);
          }
        });
    return new Gradients(
        dx, Scalars.sum(partial, 0, weight), Scalars.sum(partial, w.length, weight));
  }

  private static void gather(Tiles from, Layout layout, int row, double[] tile) {
    for (int p = 0; p < layout.pieces(); p++) {
      from.read(layout.position(row, p), tile, p * layout.run(), layout.run());
    }
  }

  private static void scatter(Tiles to, Layout layout, int row, double[] tile) {
    for (int p = 0; p < layout.pieces(); p++) {
      to.write(layout.position(row, p), tile, p * layout.run(), layout.run());
    }
  }

  @Override
  public Normalized acrossChannels(INDArray x, INDArray weight, INDArray bias, double eps) {
    int batch = Math.toIntExact(x.size(0));
    int channels = Math.toIntExact(x.size(1));
    int run = Math.toIntExact(x.size(2));
    var y = Arrays.empty(x.dataType(), x.shape());
    var mean = Arrays.empty(x.dataType(), batch, run);
    var scale = Arrays.empty(x.dataType(), batch, run);
    var w = Scalars.all(weight);
    var b = Scalars.all(bias);
    var source = Tiles.of(x);
    var target = Tiles.of(y);
    var means = Tiles.of(mean);
    var scales = Tiles.of(scale);
    Workers.run(
        batch,
        image -> {
          long at = (long) image * channels * run;
          var tile = new double[channels * run];
          source.read(at, tile, 0, tile.length);
          var row = new double[channels];
          var statistics = new double[2];
          for (int s = 0; s < run; s++) {
            for (int c = 0; c < channels; c++) {
              row[c] = tile[c * run + s];
            }
            measure(row, Rule.CENTRED, eps, statistics);
            means.write((long) image * run + s, statistics, 0, 1);
            scales.write((long) image * run + s, statistics, 1, 1);
            double mu = row[0] + statistics[0];
            for (int c = 0; c < channels; c++) {
              tile[c * run + s] = (row[c] - mu) * statistics[1] * w[c] + b[c];
            }
          }
          target.write(at, tile, 0, tile.length);
        });
    return new Normalized(y, mean, scale);
  }

  @Override
  public Gradients acrossChannelsBackward(
      INDArray gradient, INDArray x, INDArray weight, INDArray mean, INDArray scale) {
    int batch = Math.toIntExact(x.size(0));
    int channels = Math.toIntExact(x.size(1));
    int run = Math.toIntExact(x.size(2));
    var dx = Arrays.empty(x.dataType(), x.shape());
    var w = Scalars.all(weight);
    var means = Scalars.all(mean);
    var scales = Scalars.all(scale);
    var source = Tiles.of(x);
    var gradients = Tiles.of(gradient);
    var target = Tiles.of(dx);
    var partial = new double[batch][2 * channels];
    Workers.run(
        batch,
        image -> {
          long at = (long) image * channels * run;
          var tile = new double[channels * run];
          var g = new double[channels * run];
          source.read(at, tile, 0, tile.length);
          gradients.read(at, g, 0, g.length);
          for (int s = 0; s < run; s++) {
            double mu = tile[s] + means[image * run + s];
            double rate = scales[image * run + s];
            double sum = 0;
            double product = 0;
            for (int c = 0; c < channels; c++) {
              int i = c * run + s;
              tile[i] = (tile[i] - mu) * rate;
              partial[image][c] += g[i] * tile[i];
              partial[image][channels + c] += g[i];
              g[i] *= w[c];
              sum += g[i];
              product += g[i] * tile[i];
            }
            for (int c = 0; c < channels; c++) {
              int i = c * run + s;
              tile[i] = (g[i] - sum / channels - tile[i] * product / channels) * rate;
            }
          }
          target.write(at, tile, 0, tile.length);
        });
    return new Gradients(
        dx, Scalars.sum(partial, 0, weight), Scalars.sum(partial, channels, weight));
  }
}
