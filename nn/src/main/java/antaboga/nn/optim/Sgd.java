// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.optim;

import antaboga.Parameter;
import java.util.Collection;
import java.util.List;

/**
 * Stochastic gradient descent: {@code b = momentum b + (1 - dampening) d}, {@code p -= rate b},
 * with {@code d = gradient + decay p}; Nesterov's form moves by {@code d + momentum b}. The first b
 * is d.
 *
 * <p>Source: {@code torch.optim.SGD}.
 */
public final class Sgd extends Stepper {
  /**
   * What the optimiser is told.
   *
   * @param rate the learning rate, where a step names none
   * @param momentum 0 for none
   * @param dampening of what enters the momentum
   * @param decay times the parameter, added to the gradient
   * @param nesterov whether to look ahead; needs momentum and no dampening
   */
  public record Config(
      double rate, double momentum, double dampening, double decay, boolean nesterov) {
    /** Plain descent. */
    public static Config of(double rate) {
      return new Config(rate, 0, 0, 0, false);
    }

    /** The same with momentum. */
    public Config withMomentum(double value) {
      return new Config(rate, value, dampening, decay, nesterov);
    }

    /** The same with dampening. */
    public Config withDampening(double value) {
      return new Config(rate, momentum, value, decay, nesterov);
    }

    /** The same with another weight decay. */
    public Config withDecay(double value) {
      return new Config(rate, momentum, dampening, value, nesterov);
    }

    /** The same in Nesterov's form. */
    public Config withNesterov() {
      return new Config(rate, momentum, dampening, decay, true);
    }
  }

  private final Config config;

  /** All parameters alike, as PyTorch does; those that are not trainable are passed over. */
  public Sgd(Config config, Collection<Parameter> parameters) {
    this(config, ParameterGroup.uniform(parameters));
  }

  /** Parameters by group, for example {@link ParameterGroup#sparing}. */
  public Sgd(Config config, List<ParameterGroup> groups) {
    super(
        new SgdRule(config.momentum, config.dampening, config.nesterov),
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
    return "Sgd" + config.toString().substring("Config".length());
  }
}
