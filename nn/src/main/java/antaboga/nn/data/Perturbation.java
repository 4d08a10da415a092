// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import antaboga.Tensor;
import antaboga.kernel.Workers;
import java.util.List;

/**
 * The perturbation of images: {@code delta = clamp(scale n, -limit, limit)}, n normal for each
 * pixel, with one draw for all channels of a grey image. It depends on seed, image name and draw
 * alone, bit for bit on every machine, so that a teacher's answer to it can be cached and a student
 * sees the same; and it is laid as its image is, so that the cached answer may be laid too.
 *
 * @param scale the deviation
 * @param limit the largest magnitude
 */
public record Perturbation(double scale, double limit) {
  /** The project's: 0.1, limited to 0.2. */
  public Perturbation() {
    this(0.1, 0.2);
  }

  /** Checks the numbers. */
  public Perturbation {
    if (!(scale >= 0 && limit >= 0)) {
      throw new IllegalArgumentException(
          "perturbation of scale %s, limit %s, expected 0 or more".formatted(scale, limit));
    }
  }

  /**
   * The perturbations of images that stand as the views say.
   *
   * @param size the side of the images
   * @param draw which of several perturbations of an image
   * @return (B, 3, size, size), to be added to the images; the sum is not limited to [0, 1]
   * @throws IllegalArgumentException if a view is cropped: noise is one number for each pixel
   */
  public Tensor delta(List<View> views, int size, long seed, int draw) {
    int area = size * size;
    var values = new float[views.size() * 3 * area];
    for (var view : views) {
      if (!view.crop().equals(View.Crop.WHOLE)) {
        throw new IllegalArgumentException(
            "perturbation of " + view + ", expected an image that is not cropped");
      }
    }
    Workers.run(
        views.size(),
        i -> {
          var view = views.get(i);
          for (int c = 0; c < 3; c++) {
            int at = (3 * i + c) * area;
            if (c > 0 && view.grey()) {
              System.arraycopy(values, 3 * i * area, values, at, area);
            } else {
              view.orientation().lay(plane(view, c, area, seed, draw), size, values, at);
            }
          }
        });
    return Tensor.of(values, views.size(), 3, size, size);
  }

  private float[] plane(View view, int channel, int area, long seed, int draw) {
    long own = Seeds.of(seed, Seeds.of(view.name()), draw, channel);
    var plane = new float[area];
    for (int i = 0; i < area; i += 2) {
      // Box and Muller's pair of normals, by the strict functions that are the same everywhere
      double u = ((Seeds.mix(own + 2L * i) >>> 11) + 1) * 0x1p-53;
      double v = (Seeds.mix(own + 2L * i + 1) >>> 11) * 0x1p-53;
      double radius = StrictMath.sqrt(-2 * StrictMath.log(u));
      plane[i] = limited(radius * StrictMath.cos(2 * Math.PI * v));
      if (i + 1 < area) {
        plane[i + 1] = limited(radius * StrictMath.sin(2 * Math.PI * v));
      }
    }
    return plane;
  }

  private float limited(double normal) {
    return (float) Math.max(-limit, Math.min(limit, scale * normal));
  }
}
