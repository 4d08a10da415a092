// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The gradient of a convolution's weight: {@code dw[o, c, t] = sum_p g[o, p] x[c, p + shift_t]}.
 */
final class VectorConvolutionWeight {
  private static final int PANEL = VectorShifts.PANEL;

  /** Sums of all stripes together, at most, where there is more than one. */
  private static final int SUMS = 1 << 18;

  /** Tasks that are worth another pass over the gradient, and channels of such a task. */
  private static final int TASKS = 4;

  private static final int CHANNELS = 32;

  private VectorConvolutionWeight() {}

  static void into(INDArray dw, INDArray gradient, INDArray x, ConvolutionSizes s) {
    var gradients = Tiles.of(gradient);
    var source = Tiles.of(x);
    var bands = s.bands();
    int outputs = s.outputsOfGroup();
    int wide = VectorProduct.panelled(outputs);
    // few stripes, each with sums of its own; their number depends on the sizes alone
    int weights = s.inputs() * s.taps() * outputs * s.groups();
    int stripes = Math.max(1, Math.min(Math.min(16, bands.count()), SUMS / weights));
    int parts = Math.max(1, Math.min(s.inputs() / CHANNELS, TASKS / stripes / s.groups()));
    int each = (s.inputs() + parts - 1) / parts;
    var sums = new float[s.groups() * parts * stripes][];
    Workers.run(
        sums.length,
        task -> {
          int stripe = task % stripes;
          int part = task / stripes % parts;
          int group = task / stripes / parts;
          int channel = part * each;
          int channels = Math.max(0, Math.min(each, s.inputs() - channel));
          int inner = VectorShifts.fours(channels * s.taps());
          var sum = new float[inner * wide];
          sums[task] = sum;
          for (int band = stripe; band < bands.count(); band += stripes) {
            int rows = bands.rows(band);
            var seen = s.seen(bands.firstRow(band), rows, bands.images(band));
            var made = s.made(seen, bands.firstRow(band), rows);
            var planes = Scratch.floats(0, channels * seen.channel());
            java.util.Arrays.fill(planes, 0, channels * seen.channel(), 0);
            var g = Scratch.floats(1, wide * made.channel());
            java.util.Arrays.fill(g, 0, wide * made.channel(), 0);
            for (int i = 0; i < seen.images(); i++) {
              int image = bands.firstImage(band) + i;
              for (int c = 0; c < channels; c++) {
                long from = s.inputAt(image, group, channel + c);
                seen.read(source, from, planes, c * seen.channel(), i, 2);
              }
              for (int o = 0; o < outputs; o++) {
                made.read(gradients, s.outputAt(image, group, o), g, o * made.channel(), i, 2);
              }
            }
            var turned = Scratch.floats(3, wide * made.channel());
            turn(g, outputs, made.channel(), turned);
            VectorShifts.correlate(
                s.shifts(seen, channels, inner), planes, turned, made.channel(), sum, wide);
          }
        });
    Tiles.of(dw).write(0, total(s, sums, stripes, parts, each, wide), 0, (int) dw.length());
  }

  /** Rows of positions as panels of outputs, (outputs / PANEL, positions, PANEL). */
  private static void turn(float[] g, int outputs, int positions, float[] turned) {
    for (int o = 0; o < VectorShifts.fours(outputs); o += 4) {
      int row = o * positions;
      int to = o / PANEL * PANEL * positions + o % PANEL;
      turnFour(
          g, row, row + positions, row + 2 * positions, row + 3 * positions, positions, turned, to);
    }
  }

  private static void turnFour(
      float[] g, int row0, int row1, int row2, int row3, int positions, float[] turned, int to) {
    for (int p = 0; p < positions; p++) {
      turned[to + p * PANEL] = g[row0 + p];
      turned[to + p * PANEL + 1] = g[row1 + p];
      turned[to + p * PANEL + 2] = g[row2 + p];
      turned[to + p * PANEL + 3] = g[row3 + p];
    }
  }

  /** The sums of all stripes in the order of the weights, (outputs, inputs taps). */
  private static float[] total(
      ConvolutionSizes s, float[][] sums, int stripes, int parts, int each, int wide) {
    int outputs = s.outputsOfGroup();
    int inner = s.inputs() * s.taps();
    var total = new float[s.outputs() * inner];
    for (int k = 0; k < inner; k++) {
      int part = k / (each * s.taps());
      int at = (k - part * each * s.taps()) * wide;
      for (int group = 0; group < s.groups(); group++) {
        int first = (group * parts + part) * stripes;
        for (int o = 0; o < outputs; o++) {
          double sum = 0;
          for (int stripe = first; stripe < first + stripes; stripe++) {
            sum += sums[stripe][at + o];
          }
          total[(group * outputs + o) * inner + k] = (float) sum;
        }
      }
    }
    return total;
  }
}
