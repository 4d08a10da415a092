// SPDX-License-Identifier: Apache-2.0
package antaboga.distill;

import antaboga.Shape;
import antaboga.Tensor;
import java.util.function.DoubleSupplier;
import java.util.random.RandomGenerator;
import java.util.stream.DoubleStream;

/** Random doubles for tests. */
public final class Draw {
  private Draw() {}

  /** From the standard normal distribution. */
  public static Tensor normal(RandomGenerator random, long... shape) {
    return values(random::nextGaussian, shape);
  }

  /** Uniform on [low, high). */
  public static Tensor uniform(RandomGenerator random, double low, double high, long... shape) {
    return values(() -> random.nextDouble(low, high), shape);
  }

  private static Tensor values(DoubleSupplier draw, long... shape) {
    return Tensor.of(
        DoubleStream.generate(draw).limit(Shape.of(shape).elements()).toArray(), shape);
  }
}
