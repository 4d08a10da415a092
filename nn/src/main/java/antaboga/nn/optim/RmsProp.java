// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.optim;

import antaboga.Parameter;
import java.util.Collection;
import java.util.List;

/**
 * RMSprop: {@code v = alpha v + (1 - alpha) g^2}, {@code p -= rate g / (sqrt(v) + epsilon)}, with
 * momentum on the quotient, and centred ({@code v - mean(g)^2} under the root) on request.
 *
 * <p>Source: Tieleman and Hinton 2012, lecture 6.5; {@code torch.optim.RMSprop}.
 */
public final class RmsProp extends Stepper {
  /**
   * What the optimiser is told.
   *
   * @param rate the learning rate, where a step names none
   * @param alpha how much of the mean of squares stays
   * @param epsilon added to its root
   * @param decay times the parameter, added to the gradient
   * @param momentum 0 for none
   * @param centered whether the squared mean gradient is subtracted
   */
  public record Config(
      double rate, double alpha, double epsilon, double decay, double momentum, boolean centered) {
    /** PyTorch's defaults: alpha 0.99, epsilon 1e-8. */
    public static Config of(double rate) {
      return new Config(rate, 0.99, 1e-8, 0, 0, false);
    }

    /** The same with another alpha. */
    public Config withAlpha(double value) {
      return new Config(rate, value, epsilon, decay, momentum, centered);
    }

    /** The same with another epsilon. */
    public Config withEpsilon(double value) {
      return new Config(rate, alpha, value, decay, momentum, centered);
    }

    /** The same with another weight decay. */
    public Config withDecay(double value) {
      return new Config(rate, alpha, epsilon, value, momentum, centered);
    }

    /** The same with momentum. */
    public Config withMomentum(double value) {
      return new Config(rate, alpha, epsilon, decay, value, centered);
    }

    /** The same, centred. */
    public Config withCentered() {
      return new Config(rate, alpha, epsilon, decay, momentum, true);
    }
  }

  private final Config config;

  /** All parameters alike, as PyTorch does; those that are not trainable are passed over. */
  public RmsProp(Config config, Collection<Parameter> parameters) {
    this(config, ParameterGroup.uniform(parameters));
  }

  /** Parameters by group, for example {@link ParameterGroup#sparing}. */
  public RmsProp(Config config, List<ParameterGroup> groups) {
    super(
        new RmsPropRule(config.alpha, config.epsilon, config.momentum, config.centered),
        config.rate,
        config.decay,
        groups);
    this.config = config;
  }

  /** The configuration. */
  public Config config() {
    return config;
  }

  @Override
  public String toString() {
    return "RmsProp" + config.toString().substring("Config".length());
  }
}
