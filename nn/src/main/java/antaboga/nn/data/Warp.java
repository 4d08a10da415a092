// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import antaboga.ShapeException;
import antaboga.Tensor;
import antaboga.kernel.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Turns, stretches and shifts images a little, each in its own way: what was drawn for the images
 * can be applied to their masks, pseudo labels and feature maps alike, whatever their resolution.
 * What lies beyond the border is the image mirrored there; between pixels values are linear.
 *
 * <p>Up to 45 degrees, a factor of 1.4 in size, 1.15 in height against width, a tenth of the side:
 * about what nnU-Net draws, Isensee et al. 2021, arXiv 1904.08128.
 */
public final class Warp {
  private static final double TURN = Math.PI / 4; // quarter turns are the weak augmentation's
  private static final double STRETCH = Math.log(1.4);
  private static final double SQUEEZE = Math.log(1.15); // of one side against the other
  private static final double SHIFT = 0.1; // of the side

  /** Where the pixel of a warped image is taken from: (y, x) = m (y', x') from the centre. */
  private record Affine(double yy, double yx, double xy, double xx, double dy, double dx) {
    static final Affine NONE = new Affine(1, 0, 0, 1, 0, 0);

    static Affine draw(SplittableRandom random) {
      double angle = TURN * even(random);
      double scale = Math.exp(STRETCH * even(random));
      double aspect = Math.exp(SQUEEZE * even(random));
      double c = Math.cos(angle) * scale;
      double s = Math.sin(angle) * scale;
      return new Affine(
          c * aspect,
          -s / aspect,
          s * aspect,
          c / aspect,
          SHIFT * even(random),
          SHIFT * even(random));
    }

    private static double even(SplittableRandom random) {
      return 2 * random.nextDouble() - 1;
    }
  }

  private final List<Affine> affines;

  private Warp(List<Affine> affines) {
    this.affines = List.copyOf(affines);
  }

  /** Images as they are. */
  public static Warp none(int images) {
    return new Warp(java.util.Collections.nCopies(images, Affine.NONE));
  }

  /** For a share of the images, given as a probability. */
  public static Warp draw(int images, double probability, long seed) {
    var affines = new ArrayList<Affine>();
    for (int i = 0; i < images; i++) {
      var random = new SplittableRandom(Seeds.of(seed, i));
      affines.add(random.nextDouble() < probability ? Affine.draw(random) : Affine.NONE);
    }
    return new Warp(affines);
  }

  /** What was drawn for the images {@code from <= i < to}. */
  public Warp slice(int from, int to) {
    return new Warp(affines.subList(from, to));
  }

  /** Whether it leaves all images as they are. */
  public boolean isNone() {
    return affines.stream().allMatch(Affine.NONE::equals);
  }

  /**
   * The images, or what belongs to them, warped: x (B, C, H, W), a constant.
   *
   * @throws ShapeException if B is not the number of images that was drawn for
   */
  public Tensor of(Tensor x) {
    var shape = x.shape();
    if (shape.rank() != 4 || shape.size(0) != affines.size()) {
      throw new ShapeException(
          "warp: shape %s, expected (%d, C, H, W)".formatted(shape, affines.size()));
    }
    if (isNone()) {
      return x;
    }
    int channels = (int) shape.size(1);
    int height = (int) shape.size(2);
    int width = (int) shape.size(3);
    var from = x.toFloats();
    var to = new float[from.length];
    Workers.run(affines.size(), i -> warp(affines.get(i), from, to, i, channels, height, width));
    return Tensor.of(to, shape.toArray());
  }

  private static void warp(
      Affine a, float[] from, float[] to, int image, int channels, int height, int width) {
    int area = height * width;
    for (int y = 0; y < height; y++) {
      double v = (y + 0.5) / height - 0.5;
      for (int x = 0; x < width; x++) {
        double u = (x + 0.5) / width - 0.5;
        double row = (a.yy * v + a.yx * u + a.dy + 0.5) * height - 0.5;
        double column = (a.xy * v + a.xx * u + a.dx + 0.5) * width - 0.5;
        int top = (int) Math.floor(row);
        int left = (int) Math.floor(column);
        float down = (float) (row - top);
        float right = (float) (column - left);
        int upper = mirrored(top, height) * width;
        int lower = mirrored(top + 1, height) * width;
        int near = mirrored(left, width);
        int far = mirrored(left + 1, width);
        for (int c = 0; c < channels; c++) {
          int at = (image * channels + c) * area;
          float above = from[at + upper + near] * (1 - right) + from[at + upper + far] * right;
          float below = from[at + lower + near] * (1 - right) + from[at + lower + far] * right;
          to[at + y * width + x] = above * (1 - down) + below * down;
        }
      }
    }
  }

  private static int mirrored(int i, int n) {
    int k = Math.floorMod(i, 2 * n);
    return k < n ? k : 2 * n - 1 - k;
  }
}
