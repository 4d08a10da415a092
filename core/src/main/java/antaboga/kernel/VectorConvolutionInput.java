// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.Window;
import antaboga.kernel.Lattice.Axis;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The gradient of a convolution's input. Each phase of it, the elements that meet the same taps, is
 * a convolution of stride 1 of y's gradient with those taps, turned around: {@code dx[c, q] =
 * sum_(o, t) w[o, c, t] g[o, q - shift_t]}.
 */
final class VectorConvolutionInput {
  /**
   * The product that makes some phases.
   *
   * @param first of the phases
   * @param taps of each phase, all with the same shifts; taps are numbered as in the weight
   */
  private record Product(int first, List<int[]> taps) {
    static List<Product> of(Window w) {
      if (sideBySide(w)) {
        // windows side by side: every phase has one tap, without a shift
        return List.of(
            new Product(0, IntStream.range(0, w.taps()).mapToObj(t -> new int[] {t}).toList()));
      }
      var phases = new ArrayList<List<Integer>>();
      for (int p = 0; p < w.strideH() * w.strideW(); p++) {
        phases.add(new ArrayList<>());
      }
      for (int t = 0; t < w.taps(); t++) {
        int down = t / w.width() * w.dilationH() % w.strideH();
        int right = t % w.width() * w.dilationW() % w.strideW();
        phases.get(down * w.strideW() + right).add(t);
      }
      return IntStream.range(0, phases.size())
          .mapToObj(p -> new Product(p, List.of(phases.get(p).stream().mapToInt(t -> t).toArray())))
          .toList();
    }

    private static boolean sideBySide(Window w) {
      return w.strideH() == w.height()
          && w.strideW() == w.width()
          && w.dilationH() == 1
          && w.dilationW() == 1;
    }

    /** Rows of the product. */
    int rows(ConvolutionSizes s) {
      return s.inputs() * taps.size();
    }

    /** The weights of each group in fours of rows: (rows / 4, outputs taps, 4). */
    float[][] weights(ConvolutionSizes s, float[] w) {
      int each = taps.get(0).length;
      int inner = s.outputsOfGroup() * each;
      var weights = new float[s.groups()][VectorShifts.fours(rows(s)) * inner];
      for (int o = 0; o < s.outputs(); o++) {
        var to = weights[o / s.outputsOfGroup()];
        int first = o % s.outputsOfGroup() * each;
        for (int r = 0; r < rows(s); r++) {
          int at = r / 4 * 4 * inner + r % 4 + 4 * first;
          int from = (o * s.inputs() + r / taps.size()) * s.taps();
          var own = taps.get(r % taps.size());
          for (int t = 0; t < each; t++) {
            to[at + 4 * t] = w[from + own[t]];
          }
        }
      }
      return weights;
    }

    int[] shifts(ConvolutionSizes s, Lattice seen) {
      var w = s.window();
      var own = taps.get(0);
      var shifts = new int[s.outputsOfGroup() * own.length];
      for (int k = 0; k < shifts.length; k++) {
        int tap = own[k % own.length];
        int down = s.moreDown() - tap / w.width() * w.dilationH() / w.strideH();
        int right = s.moreRight() - tap % w.width() * w.dilationW() / w.strideW();
        shifts[k] = k / own.length * seen.channel() + seen.shift(down, right);
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
    var products = Product.of(w);
    var all = Scalars.floats(weight);
    var weights = products.stream().map(product -> product.weights(s, all)).toList();
    var source = Tiles.of(gradient);
    var target = Tiles.of(dx);
    var down = Places.of(s.height(), w.paddingH(), w.strideH());
    var right = Places.of(s.width(), w.paddingW(), w.strideW());
    var bands = Bands.of(s.batch(), down.count, right.count + s.moreRight(), s.outputsOfGroup());
    Workers.run(
        s.groups() * bands.count(),
        task -> {
          int group = task / bands.count();
          int band = task % bands.count();
          int rows = bands.rows(band);
          int first = down.first + bands.firstRow(band);
          var seen =
              Lattice.seen(
                  Axis.seen(s.outHeight(), s.moreDown() - first, 1, rows, s.moreDown()),
                  Axis.seen(
                      s.outWidth(), s.moreRight() - right.first, 1, right.count, s.moreRight()),
                  bands.images(band),
                  s.moreDown(),
                  s.moreRight());
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
          for (int p = 0; p < products.size(); p++) {
            var product = products.get(p);
            VectorShifts.add(
                weights.get(p)[group],
                product.shifts(s, seen),
                planes,
                sums,
                product.first * made.phase(),
                made.channel() / product.taps.size(),
                product.rows(s),
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
