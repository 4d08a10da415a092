// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import java.util.Arrays;

/**
 * How raw values of a scan become the bytes that a model sees: limited to a range, stretched to
 * 0…255, truncated. Given a whole volume, all of its slices share one range. Source: {@code
 * pre_CT_MR.py} of MedSAM.
 */
public sealed interface IntensityWindow {
  /** The lowest value let through. */
  double low(float[] values);

  /** The highest value let through. */
  double high(float[] values);

  /** The bytes of the values, in their order. */
  default byte[] apply(float[] values) {
    double low = low(values);
    double high = high(values);
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    for (float v : values) {
      if (!Float.isFinite(v)) {
        throw new IllegalArgumentException(this + ": value " + v + ", expected finite ones");
      }
      min = Math.min(min, Math.min(high, Math.max(low, v)));
      max = Math.max(max, Math.min(high, Math.max(low, v)));
    }
    var bytes = new byte[values.length];
    for (int i = 0; i < bytes.length && max > min; i++) {
      double limited = Math.min(high, Math.max(low, values[i]));
      bytes[i] = (byte) (int) ((limited - min) / (max - min) * 255);
    }
    return bytes;
  }

  /** Soft tissue in computed tomography, MedSAM's preset: level 40, width 400. */
  static IntensityWindow softTissue() {
    return new Level(40, 400);
  }

  /** MedSAM's range for all modalities but computed tomography. */
  static IntensityWindow percentiles() {
    return new Percentiles(0.5, 99.5);
  }

  /** Hounsfield units around a level: {@code level - width/2} to {@code level + width/2}. */
  record Level(double level, double width) implements IntensityWindow {
    /** Checks the width. */
    public Level {
      if (!(width > 0) || !Double.isFinite(level + width)) {
        throw new IllegalArgumentException(
            "window level %s, width %s: expected finite ones, width > 0".formatted(level, width));
      }
    }

    @Override
    public double low(float[] values) {
      return level - width / 2;
    }

    @Override
    public double high(float[] values) {
      return level + width / 2;
    }
  }

  /** Between two percentiles of the positive values; zeros, the background, stay zero. */
  record Percentiles(double lower, double upper) implements IntensityWindow {
    /** Checks the order. */
    public Percentiles {
      if (!(lower >= 0 && lower < upper && upper <= 100)) {
        throw new IllegalArgumentException(
            "percentiles %s to %s, expected 0 <= lower < upper <= 100".formatted(lower, upper));
      }
    }

    @Override
    public double low(float[] values) {
      return quantile(positive(values), lower / 100);
    }

    @Override
    public double high(float[] values) {
      return quantile(positive(values), upper / 100);
    }

    @Override
    public byte[] apply(float[] values) {
      var bytes = IntensityWindow.super.apply(values);
      for (int i = 0; i < bytes.length; i++) {
        if (values[i] == 0) {
          bytes[i] = 0;
        }
      }
      return bytes;
    }

    private static float[] positive(float[] values) {
      var positive = new float[values.length];
      int count = 0;
      for (float v : values) {
        if (v > 0) {
          positive[count++] = v;
        }
      }
      if (count == 0) {
        throw new IllegalArgumentException("percentiles: no value is positive");
      }
      positive = Arrays.copyOf(positive, count);
      Arrays.sort(positive);
      return positive;
    }

    // NumPy's linear rule, from the nearer side as NumPy does
    private static double quantile(float[] sorted, double q) {
      double at = q * (sorted.length - 1);
      int below = (int) at;
      double t = at - below;
      double a = sorted[below];
      double b = sorted[Math.min(below + 1, sorted.length - 1)];
      return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
    }
  }
}
