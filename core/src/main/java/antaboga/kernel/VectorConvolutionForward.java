// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/** The value of a convolution: {@code y[o, p] = b_o + sum_(c, t) w[o, c, t] x[c, p + shift_t]}. */
final class VectorConvolutionForward {
  private VectorConvolutionForward() {}

  static void into(INDArray y, INDArray x, INDArray weight, INDArray bias, ConvolutionSizes s) {
    var weights = weights(s, Scalars.floats(weight));
    var biases = Scalars.floats(bias);
    var source = Tiles.of(x);
    var target = Tiles.of(y);
    var bands = s.bands();
    Workers.run(
        s.groups() * bands.count(),
        task -> {
          int group = task / bands.count();
          int band = task % bands.count();
          int rows = bands.rows(band);
          var seen = s.seen(bands.firstRow(band), rows, bands.images(band));
          var made = s.made(seen, bands.firstRow(band), rows);
          var planes = Scratch.floats(0, s.inputs() * seen.channel());
          java.util.Arrays.fill(planes, 0, s.inputs() * seen.channel(), 0);
          var sums = Scratch.floats(1, VectorShifts.fours(s.outputsOfGroup()) * made.channel());
          for (int i = 0; i < seen.images(); i++) {
            for (int c = 0; c < s.inputs(); c++) {
              long from = s.inputAt(bands.firstImage(band) + i, group, c);
              seen.read(source, from, planes, c * seen.channel(), i, 2);
            }
          }
          for (int o = 0; o < s.outputsOfGroup(); o++) {
            float b = biases[group * s.outputsOfGroup() + o];
            java.util.Arrays.fill(sums, o * made.channel(), (o + 1) * made.channel(), b);
          }
          VectorShifts.add(
              weights[group],
              s.shifts(seen, s.inputs(), s.inputs() * s.taps()),
              planes,
              sums,
              0,
              made.channel(),
              s.outputsOfGroup(),
              made.channel());
          for (int i = 0; i < made.images(); i++) {
            for (int o = 0; o < s.outputsOfGroup(); o++) {
              long to = s.outputAt(bands.firstImage(band) + i, group, o);
              made.write(target, to, sums, o * made.channel(), i, 2);
            }
          }
        });
  }

  /** The weights of each group in fours of outputs: (outputs / 4, inputs taps, 4). */
  private static float[][] weights(ConvolutionSizes s, float[] w) {
    int inner = s.inputs() * s.taps();
    var weights = new float[s.groups()][VectorShifts.fours(s.outputsOfGroup()) * inner];
    for (int o = 0; o < s.outputs(); o++) {
      int own = o % s.outputsOfGroup();
      var to = weights[o / s.outputsOfGroup()];
      int at = own / 4 * 4 * inner + own % 4;
      for (int k = 0; k < inner; k++) {
        to[at + 4 * k] = w[o * inner + k];
      }
    }
    return weights;
  }
}
