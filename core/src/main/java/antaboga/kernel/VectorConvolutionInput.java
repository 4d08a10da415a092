// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.Window;
import antaboga.kernel.Lattice.Axis;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The gradient of a convolution's input. Each phase of it, the elements that meet the same taps, is
 * a convolution of stride 1 of y's gradient with those taps, turned around: {@code dx[c, q] =
 * sum_(o, t) w[o, c, t] g[o, q - shift_t]}.
 */
final class VectorConvolutionInput {
  /** A phase's taps, as rows and columns of the window. */
  private record Phase(List<int[]> taps) {
    static List<Phase> of(Window w) {
      var phases = new ArrayList<Phase>();
      for (int p = 0; p < w.strideH() * w.strideW(); p++) {
        phases.add(new Phase(new ArrayList<>()));
      }
      for (int i = 0; i < w.height(); i++) {
        for (int j = 0; j < w.width(); j++) {
          int down = i * w.dilationH() % w.strideH();
          int right = j * w.dilationW() % w.strideW();
          phases.get(down * w.strideW() + right).taps.add(new int[] {i, j});
        }
      }
      return phases;
    }

    /** The weights of each group in fours of channels: (inputs / 4, outputs taps, 4). */
    float[][] weights(ConvolutionSizes s, float[] w) {
      int inner = s.outputsOfGroup() * taps.size();
      var weights = new float[s.groups()][VectorShifts.fours(s.inputs()) * inner];
      for (int o = 0; o < s.outputs(); o++) {
        var to = weights[o / s.outputsOfGroup()];
        int first = o % s.outputsOfGroup() * taps.size();
        for (int c = 0; c < s.inputs(); c++) {
          int at = c / 4 * 4 * inner + c % 4 + 4 * first;
          int from = (o * s.inputs() + c) * s.taps();
          for (int t = 0; t < taps.size(); t++) {
            to[at + 4 * t] = w[from + taps.get(t)[0] * s.window().width() + taps.get(t)[1]];
          }
        }
      }
      return weights;
    }

    int[] shifts(ConvolutionSizes s, Lattice seen) {
      var w = s.window();
      var shifts = new int[s.outputsOfGroup() * taps.size()];
      for (int k = 0; k < shifts.length; k++) {
        var tap = taps.get(k % taps.size());
        int down = s.reachDown() / w.strideH() - tap[0] * w.dilationH() / w.strideH();
        int right = s.reachRight() / w.strideW() - tap[1] * w.dilationW() / w.strideW();
        shifts[k] = k / taps.size() * seen.channel() + seen.shift(down, right);
      }
      return shifts;
    }
  }

  /** The places of an axis of x in its phases: the first, and how many. */
  private record Places(int first, int count) {
    static Places of(int size, int padding, int stride) {
      int first = padding / stride;
      return new Places(first, (padding + size - 1) / stride - first + 1);
    }
  }

  private VectorConvolutionInput() {}

  static void into(INDArray dx, INDArray gradient, INDArray weight, ConvolutionSizes s) {
    var w = s.window();
    var phases = Phase.of(w);
    var all = Scalars.floats(weight);
    var weights = phases.stream().map(phase -> phase.weights(s, all)).toList();
    var source = Tiles.of(gradient);
    var target = Tiles.of(dx);
    var down = Places.of(s.height(), w.paddingH(), w.strideH());
    var right = Places.of(s.width(), w.paddingW(), w.strideW());
    int moreDown = s.reachDown() / w.strideH();
    int moreRight = s.reachRight() / w.strideW();
    var bands = Bands.of(s.batch(), down.count, right.count + moreRight, s.outputsOfGroup());
    Workers.run(
        s.groups() * bands.count(),
        task -> {
          int group = task / bands.count();
          int band = task % bands.count();
          int rows = bands.rows(band);
          int first = down.first + bands.firstRow(band);
          var seen =
              Lattice.seen(
                  Axis.seen(s.outHeight(), moreDown - first, 1, rows, moreDown),
                  Axis.seen(s.outWidth(), moreRight - right.first, 1, right.count, moreRight),
                  bands.images(band),
                  moreDown,
                  moreRight);
          int top = w.paddingH() - first * w.strideH();
          int left = w.paddingW() - right.first * w.strideW();
          var made =
              seen.made(
                  seen.rows().with(s.height(), top, w.strideH(), rows * w.strideH()),
                  seen.columns().with(s.width(), left, w.strideW(), right.count * w.strideW()),
                  rows,
                  right.count);
          var planes = Scratch.floats(0, s.outputsOfGroup() * seen.channel());
          java.util.Arrays.fill(planes, 0, s.outputsOfGroup() * seen.channel(), 0);
          for (int i = 0; i < seen.images(); i++) {
            for (int o = 0; o < s.outputsOfGroup(); o++) {
              long from = s.outputAt(bands.firstImage(band) + i, group, o);
              seen.read(source, from, planes, o * seen.channel(), i, 2);
            }
          }
          int length = VectorShifts.fours(s.inputs()) * made.channel();
          var sums = Scratch.floats(1, length);
          java.util.Arrays.fill(sums, 0, length, 0);
          for (int p = 0; p < phases.size(); p++) {
            VectorShifts.add(
                weights.get(p)[group],
                phases.get(p).shifts(s, seen),
                planes,
                sums,
                p * made.phase(),
                made.channel(),
                s.inputs(),
                made.phase());
          }
          for (int i = 0; i < made.images(); i++) {
            for (int c = 0; c < s.inputs(); c++) {
              long to = s.inputAt(bands.firstImage(band) + i, group, c);
              made.write(target, to, sums, c * made.channel(), i, 2);
            }
          }
        });
  }
}
