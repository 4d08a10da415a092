// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

/**
 * How one axis is resampled: each output is a weighted sum of a few inputs. Rules and borders are
 * PyTorch's ({@code upsample_*2d}, {@code _upsample_*2d_aa}).
 */
public final class Sampling {
  private static final double CUBIC = -0.75;
  private static final double CUBIC_ANTIALIAS = -0.5;

  final int inputs;
  final int outputs;

  /** Weights of each output; unused ones are zero. */
  final int taps;

  /** For each output and tap, the input. */
  final int[] index;

  final double[] weight;

  private Sampling(int inputs, int outputs, int taps) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.taps = taps;
    this.index = new int[outputs * taps];
    this.weight = new double[outputs * taps];
  }

  /** The distance of neighbouring outputs in inputs, where only the sizes are given. */
  private static double step(int inputs, int outputs, boolean corners) {
    if (corners) {
      return outputs > 1 ? (inputs - 1.0) / (outputs - 1) : 0;
    }
    return (double) inputs / outputs;
  }

  /**
   * Linear between two inputs.
   *
   * @param corners whether the outermost outputs lie on the outermost inputs; else pixels are areas
   * @param step inputs per output where pixels are areas; 0 stands for the quotient of the sizes
   */
  public static Sampling linear(int inputs, int outputs, boolean corners, double step) {
    var s = new Sampling(inputs, outputs, 2);
    double scale = corners || step == 0 ? step(inputs, outputs, corners) : step;
    for (int i = 0; i < outputs; i++) {
      double at = corners ? i * scale : Math.max(0, (i + 0.5) * scale - 0.5);
      int low = Math.min((int) at, inputs - 1);
      double fraction = Math.min(at - low, 1);
      s.set(i, 0, low, 1 - fraction);
      s.set(i, 1, low + 1, fraction);
    }
    return s;
  }

  /** Cubic convolution over four inputs with A = -0.75; see {@link #linear}. */
  public static Sampling cubic(int inputs, int outputs, boolean corners, double step) {
    var s = new Sampling(inputs, outputs, 4);
    double scale = corners || step == 0 ? step(inputs, outputs, corners) : step;
    for (int i = 0; i < outputs; i++) {
      double at = corners ? i * scale : (i + 0.5) * scale - 0.5;
      int low = (int) Math.floor(at);
      for (int t = 0; t < 4; t++) {
        s.set(i, t, low - 1 + t, cubic(at - (low - 1 + t), CUBIC));
      }
    }
    return s;
  }

  /** The input at the lower end of each output's area. */
  public static Sampling nearest(int inputs, int outputs, double step) {
    var s = new Sampling(inputs, outputs, 1);
    // single precision, as in PyTorch, decides ties alike
    float scale = step == 0 ? (float) inputs / outputs : (float) step;
    for (int i = 0; i < outputs; i++) {
      s.set(i, 0, (int) Math.floor(i * scale), 1);
    }
    return s;
  }

  /** Linear or cubic weights over all inputs that an output's area covers. */
  public static Sampling antialiased(
      int inputs, int outputs, boolean cubic, boolean corners, double step) {
    double scale = corners || step == 0 ? step(inputs, outputs, corners) : step;
    double stretch = Math.max(scale, 1);
    double support = (cubic ? 2 : 1) * stretch;
    var s = new Sampling(inputs, outputs, Math.min(inputs, 2 * (int) Math.ceil(support) + 1));
    for (int i = 0; i < outputs; i++) {
      double center = scale * (i + 0.5);
      int first = Math.max(0, (int) (center - support + 0.5));
      int count = Math.min(inputs, (int) (center + support + 0.5)) - first;
      double sum = 0;
      for (int t = 0; t < count; t++) {
        double distance = (t + first - center + 0.5) / stretch;
        double w = cubic ? cubic(distance, CUBIC_ANTIALIAS) : Math.max(0, 1 - Math.abs(distance));
        s.set(i, t, first + t, w);
        sum += w;
      }
      for (int t = 0; t < count && sum != 0; t++) {
        s.weight[i * s.taps + t] /= sum;
      }
    }
    return s;
  }

  private void set(int output, int tap, int input, double w) {
    index[output * taps + tap] = Math.max(0, Math.min(input, inputs - 1));
    weight[output * taps + tap] = w;
  }

  /** Keys's cubic convolution kernel; 1981, "Cubic convolution interpolation". */
  private static double cubic(double distance, double a) {
    double x = Math.abs(distance);
    if (x <= 1) {
      return ((a + 2) * x - (a + 3)) * x * x + 1;
    }
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
  }
}
