// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import antaboga.ShapeException;
import antaboga.Tensor;
import antaboga.kernel.Workers;
import java.util.SplittableRandom;

/**
 * Strong augmentation of images alone, which leaves everything in its place: colour jitter, then
 * blur. A mask or a pseudo label of the weak view stays valid. {@link CutMix} comes on top.
 *
 * <p>Source: the strong view of FixMatch's descendants for segmentation (UniMatch, Yang et al.
 * 2023); {@code ColorJitter} of torchvision.
 *
 * @param brightness factors within 1 ± this
 * @param contrast factors within 1 ± this
 * @param saturation factors within 1 ± this
 * @param hue turns of the colour circle within ± this
 * @param jitterShare the share of images that are jittered
 * @param smallestBlur the smallest deviation of the blur, in pixels of an image of 256
 * @param largestBlur the largest one
 * @param blurShare the share of images that are blurred
 */
public record StrongAugment(
    double brightness,
    double contrast,
    double saturation,
    double hue,
    double jitterShare,
    double smallestBlur,
    double largestBlur,
    double blurShare) {
  private static final double BLURRED = 256; // the side that deviations of blur are given for

  /** Jitter (0.5, 0.5, 0.5, 0.25) of 80 %, blur of 0.1 to 2 pixels of half of the images. */
  public StrongAugment() {
    this(0.5, 0.5, 0.5, 0.25, 0.8, 0.1, 2, 0.5);
  }

  /** Checks the shares and ranges. */
  public StrongAugment {
    boolean factors = brightness >= 0 && contrast >= 0 && saturation >= 0;
    boolean shares = jitterShare >= 0 && jitterShare <= 1 && blurShare >= 0 && blurShare <= 1;
    if (!factors || !shares || !(hue >= 0 && hue <= 0.5)) {
      throw new IllegalArgumentException(
          "strong augment: jitter %s %s %s %s, shares %s %s, expected 0 or more, hue <= 0.5"
              .formatted(brightness, contrast, saturation, hue, jitterShare, blurShare));
    }
    if (!(smallestBlur > 0 && smallestBlur <= largestBlur)) {
      throw new IllegalArgumentException(
          "strong augment: blur %s to %s, expected positive".formatted(smallestBlur, largestBlur));
    }
  }

  /**
   * The images in other colours: x (B, 3, H, W) in [0, 1], a constant; a function of x and the
   * seed.
   *
   * @throws ShapeException if there are not three channels
   */
  public Tensor of(Tensor x, long seed) {
    var shape = x.shape();
    if (shape.rank() != 4 || shape.size(1) != 3) {
      throw new ShapeException("strong augment: shape " + shape + ", expected (B, 3, H, W)");
    }
    int height = (int) shape.size(2);
    int width = (int) shape.size(3);
    int area = height * width;
    var values = x.toFloats();
    Workers.run(
        (int) shape.size(0),
        i -> {
          var random = new SplittableRandom(Seeds.of(seed, i));
          if (random.nextDouble() < jitterShare) {
            jitter(values, 3 * i * area, area, random);
          }
          if (random.nextDouble() < blurShare) {
            double share = smallestBlur + (largestBlur - smallestBlur) * random.nextDouble();
            double sigma = share * Math.max(height, width) / BLURRED;
            for (int c = 0; c < 3; c++) {
              blur(values, (3 * i + c) * area, height, width, sigma);
            }
          }
        });
    return Tensor.of(values, shape.toArray());
  }

  private void jitter(float[] v, int at, int area, SplittableRandom random) {
    double light = factor(brightness, random);
    double contrasted = factor(contrast, random);
    double coloured = factor(saturation, random);
    double turn = hue * (2 * random.nextDouble() - 1);
    int first = random.nextInt(4); // torchvision shuffles the four; their order is turned here
    for (int k = 0; k < 4; k++) {
      switch ((first + k) % 4) {
        case 0 -> blend(v, at, area, light, 0);
        case 1 -> blend(v, at, area, contrasted, meanGrey(v, at, area));
        case 2 -> saturate(v, at, area, coloured);
        default -> turnHue(v, at, area, turn);
      }
    }
  }

  private static double factor(double range, SplittableRandom random) {
    return Math.max(0, 1 + range * (2 * random.nextDouble() - 1));
  }

  private static void blend(float[] v, int at, int area, double factor, double other) {
    for (int i = at; i < at + 3 * area; i++) {
      v[i] = limited(factor * v[i] + (1 - factor) * other);
    }
  }

  private static void saturate(float[] v, int at, int area, double factor) {
    for (int i = at; i < at + area; i++) {
      double grey = grey(v, i, area);
      for (int c = 0; c < 3; c++) {
        v[i + c * area] = limited(factor * v[i + c * area] + (1 - factor) * grey);
      }
    }
  }

  private static double grey(float[] v, int i, int area) {
    return 0.2989 * v[i] + 0.587 * v[i + area] + 0.114 * v[i + 2 * area]; // ITU-R 601
  }

  private static double meanGrey(float[] v, int at, int area) {
    double sum = 0;
    for (int i = at; i < at + area; i++) {
      sum += grey(v, i, area);
    }
    return sum / area;
  }

  /** Turns the colour circle; lightness and saturation of the HSV cone stay. */
  private static void turnHue(float[] v, int at, int area, double turn) {
    for (int i = at; i < at + area; i++) {
      double r = v[i];
      double g = v[i + area];
      double b = v[i + 2 * area];
      double max = Math.max(r, Math.max(g, b));
      double span = max - Math.min(r, Math.min(g, b));
      if (span == 0) {
        continue;
      }
      double sector;
      if (max == r) {
        sector = (g - b) / span;
      } else if (max == g) {
        sector = 2 + (b - r) / span;
      } else {
        sector = 4 + (r - g) / span;
      }
      sector += 6 * turn;
      for (int c = 0; c < 3; c++) {
        // Smith's cone: each channel is the same wave, shifted by two sectors
        double k = sector + (c == 0 ? 5 : c == 1 ? 3 : 1);
        k -= 6 * Math.floor(k / 6);
        v[i + c * area] = limited(max - span * Math.max(0, Math.min(1, Math.min(k, 4 - k))));
      }
    }
  }

  private static void blur(float[] v, int at, int height, int width, double sigma) {
    int radius = (int) Math.ceil(3 * sigma);
    var kernel = new double[radius + 1];
    double sum = 0;
    for (int k = 0; k <= radius; k++) {
      kernel[k] = Math.exp(-0.5 * k * k / (sigma * sigma));
      sum += k == 0 ? 1 : 2 * kernel[k];
    }
    for (int k = 0; k <= radius; k++) {
      kernel[k] /= sum;
    }
    for (int y = 0; y < height; y++) {
      line(v, at + y * width, 1, width, kernel);
    }
    for (int x = 0; x < width; x++) {
      line(v, at + x, width, height, kernel);
    }
  }

  private static void line(float[] v, int at, int stride, int n, double[] kernel) {
    var old = new float[n];
    for (int i = 0; i < n; i++) {
      old[i] = v[at + i * stride];
    }
    for (int i = 0; i < n; i++) {
      double sum = kernel[0] * old[i];
      for (int k = 1; k < kernel.length; k++) {
        sum += kernel[k] * (old[reflected(i - k, n)] + old[reflected(i + k, n)]);
      }
      v[at + i * stride] = (float) sum;
    }
  }

  private static int reflected(int i, int n) {
    int at = i < 0 ? -i : i >= n ? 2 * n - 2 - i : i;
    return Math.max(0, Math.min(n - 1, at));
  }

  private static float limited(double v) {
    return (float) Math.max(0, Math.min(1, v));
  }
}
