// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Shape;
import java.util.function.DoubleSupplier;
import java.util.random.RandomGenerator;
import java.util.stream.DoubleStream;

/** Draws the first values of a parameter. */
@FunctionalInterface
public interface Init {
  /** The values in row-major order; a function of the generator and the shape. */
  double[] values(RandomGenerator random, Shape shape);

  /** One value throughout. */
  static Init constant(double value) {
    return (random, shape) -> fill(shape, () -> value);
  }

  /** Zeros. */
  static Init zeros() {
    return constant(0);
  }

  /** Ones. */
  static Init ones() {
    return constant(1);
  }

  /** Uniform on [-bound, bound). */
  static Init uniform(double bound) {
    return uniform(-bound, bound);
  }

  /** Uniform on [low, high). */
  static Init uniform(double low, double high) {
    return (random, shape) -> fill(shape, () -> low + (high - low) * random.nextDouble());
  }

  /** Normal with mean 0. */
  static Init normal(double deviation) {
    return (random, shape) -> fill(shape, () -> deviation * random.nextGaussian());
  }

  /** Normal with mean 0, drawn again outside [-2, 2] (PyTorch's {@code trunc_normal_}). */
  static Init truncatedNormal(double deviation) {
    return (random, shape) ->
        fill(
            shape,
            () -> {
              double value;
              do {
                value = deviation * random.nextGaussian();
              } while (Math.abs(value) > 2);
              return value;
            });
  }

  /**
   * Uniform on ±1/sqrt(fan in), PyTorch's start of linear and convolution layers; the fan in is the
   * number of weights that meet in one output.
   */
  static Init fanIn(long fanIn) {
    return uniform(1 / Math.sqrt((double) fanIn));
  }

  /** The given values, whatever the generator. */
  static Init of(double... values) {
    var copy = values.clone();
    return (random, shape) -> copy.clone();
  }

  private static double[] fill(Shape shape, DoubleSupplier draw) {
    return DoubleStream.generate(draw).limit(shape.elements()).toArray();
  }
}
