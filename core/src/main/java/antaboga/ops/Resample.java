// SPDX-License-Identifier: Apache-2.0
package antaboga.ops;

import antaboga.Op;
import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.kernel.ResampleKernel;
import antaboga.kernel.Sampling;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Images in another size. */
public interface Resample {
  /** What an output pixel is made of. The rules are those of PyTorch's {@code interpolate}. */
  enum Rule {
    /** The nearest input, by the rule of PyTorch's {@code nearest}. */
    NEAREST,
    /** Linear along both axes; pixels are areas ({@code align_corners=False}). */
    BILINEAR,
    /** Linear along both axes; corners lie on corners ({@code align_corners=True}). */
    BILINEAR_CORNERS,
    /** Linear weights over all inputs that an output covers ({@code antialias=True}). */
    BILINEAR_ANTIALIAS,
    /** Cubic convolution, A = -0.75; pixels are areas. */
    BICUBIC,
    /** Cubic convolution, A = -0.75; corners lie on corners. */
    BICUBIC_CORNERS,
    /** Cubic weights, A = -0.5, over all inputs that an output covers. */
    BICUBIC_ANTIALIAS;

    private Sampling sampling(int inputs, int outputs, double step) {
      return switch (this) {
        case NEAREST -> Sampling.nearest(inputs, outputs, step);
        case BILINEAR -> Sampling.linear(inputs, outputs, false, step);
        case BILINEAR_CORNERS -> Sampling.linear(inputs, outputs, true, step);
        case BILINEAR_ANTIALIAS -> Sampling.antialiased(inputs, outputs, false, false, step);
        case BICUBIC -> Sampling.cubic(inputs, outputs, false, step);
        case BICUBIC_CORNERS -> Sampling.cubic(inputs, outputs, true, step);
        case BICUBIC_ANTIALIAS -> Sampling.antialiased(inputs, outputs, true, false, step);
      };
    }
  }

  /**
   * x (..., H, W), value (..., height, width).
   *
   * @param stepH inputs per output along height where a scale factor was given, its inverse; 0
   *     stands for the quotient of the sizes
   * @param stepW the same along width
   */
  record Resize(Rule rule, int height, int width, double stepH, double stepW) implements Op.Unary {
    /** Checks the sizes. */
    public Resize {
      if (height < 1 || width < 1 || !(stepH >= 0) || !(stepW >= 0)) {
        throw new IllegalArgumentException(
            "resize: to (%d, %d), steps (%s, %s), expected sizes > 0 and steps >= 0"
                .formatted(height, width, stepH, stepW));
      }
    }

    /** To a size. */
    public static Resize to(Rule rule, int height, int width) {
      return new Resize(rule, height, width, 0, 0);
    }

    /** By factors, sizes rounded down; the factors themselves place the pixels. */
    public static Resize by(Rule rule, Shape input, double factorH, double factorW) {
      return new Resize(
          rule,
          (int) Math.floor(input.size(-2) * factorH),
          (int) Math.floor(input.size(-1) * factorW),
          1 / factorH,
          1 / factorW);
    }

    @Override
    public Value apply(INDArray x) {
      Arrays.sameType(this, x);
      if (x.rank() < 2 || x.length() == 0) {
        throw new ShapeException(
            this + ": x has shape " + Shape.text(x.shape()) + ", expected (..., H, W)");
      }
      var vertical = rule.sampling(Math.toIntExact(x.size(-2)), height, stepH);
      var horizontal = rule.sampling(Math.toIntExact(x.size(-1)), width, stepW);
      var kernel = ResampleKernel.chosen();
      return Value.of(
          kernel.forward(x, vertical, horizontal), g -> kernel.backward(g, vertical, horizontal));
    }
  }
}
