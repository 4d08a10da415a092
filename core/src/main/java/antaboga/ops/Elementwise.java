// SPDX-License-Identifier: Apache-2.0
package antaboga.ops;

import static antaboga.kernel.Pointwise.map;

import antaboga.Op;
import antaboga.kernel.GeluKernel;
import antaboga.kernel.Rectifier;
import antaboga.kernel.SiluKernel;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Functions of one element, each beside its derivative; computed in double precision. */
public interface Elementwise {
  /** {@code e^x}. */
  record Exp() implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      var y = map(x, Math::exp);
      return Value.of(y, g -> g.mul(y));
    }
  }

  /** {@code ln x}. */
  record Log() implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      return Value.of(map(x, Math::log), g -> g.div(x));
    }
  }

  /** {@code x^exponent}. */
  record Pow(double exponent) implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      return Value.of(
          map(x, v -> Math.pow(v, exponent)),
          g -> map(g, x, (d, v) -> d * exponent * Math.pow(v, exponent - 1)));
    }
  }

  /** The square root. */
  record Sqrt() implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      var y = map(x, Math::sqrt);
      return Value.of(y, g -> map(g, y, (d, s) -> d / (2 * s)));
    }
  }

  /** The absolute value. */
  record Abs() implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      return Value.of(map(x, Math::abs), g -> map(g, x, (d, v) -> d * Math.signum(v)));
    }
  }

  /** Values limited to [low, high]. */
  record Clamp(double low, double high) implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      return Value.of(
          map(x, v -> Math.min(Math.max(v, low), high)),
          g -> map(g, x, (d, v) -> v >= low && v <= high ? d : 0));
    }
  }

  /** {@code 1 / (1 + e^-x)}. */
  record Sigmoid() implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      var y = map(x, Elementwise::sigmoid);
      return Value.of(y, g -> map(g, y, (d, s) -> d * s * (1 - s)));
    }
  }

  /** {@code ln(1 / (1 + e^-x))}. */
  record LogSigmoid() implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      return Value.of(map(x, v -> -softplus(-v)), g -> map(g, x, (d, v) -> d * sigmoid(-v)));
    }
  }

  /** {@code ln(1 + e^x)}. */
  record Softplus() implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      return Value.of(map(x, Elementwise::softplus), g -> map(g, x, (d, v) -> d * sigmoid(v)));
    }
  }

  /** {@code x} where positive, else {@code slope x}; with slope 0 the rectifier. */
  record LeakyRelu(double slope) implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      return Value.of(Rectifier.forward(x, slope), g -> Rectifier.backward(g, x, slope));
    }
  }

  /** {@code x sigmoid(x)}. */
  record Silu() implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      var kernel = SiluKernel.chosen();
      return Value.of(kernel.forward(x), g -> kernel.backward(g, x));
    }
  }

  /** {@code x z sigmoid(z)}: SiLU as a gate. */
  record SiluGate() implements Op.Binary {
    @Override
    public Value apply(INDArray x, INDArray z) {
      Arrays.sameType(this, x, z);
      Arrays.sameShape(this, x, z);
      var kernel = SiluKernel.chosen();
      return new Value(kernel.gate(x, z), (g, needed) -> kernel.gateBackward(g, x, z));
    }
  }

  /** The hyperbolic tangent. */
  record Tanh() implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      var y = map(x, Math::tanh);
      return Value.of(y, g -> map(g, y, (d, t) -> d * (1 - t * t)));
    }
  }

  /** {@code x Phi(x)}. Source: Hendrycks and Gimpel 2016, arXiv 1606.08415. */
  record Gelu(GeluKernel.Form form) implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      Arrays.sameType(this, x);
      var kernel = GeluKernel.chosen();
      return Value.of(kernel.forward(x, form), g -> kernel.backward(g, x, form));
    }
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }
}
