// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.optim;

import antaboga.Parameter;
import java.util.Collection;
import java.util.List;

/**
 * Adam: {@code p -= rate m' / (sqrt(v') + epsilon)} with bias-corrected means m', v' of gradients
 * and of their squares; weight decay is part of the gradient.
 *
 * <p>Source: Kingma and Ba 2015, arXiv 1412.6980; {@code torch.optim.Adam}.
 */
public final class Adam extends Stepper {
  /**
   * What the optimiser is told.
   *
   * @param rate the learning rate, where a step names none
   * @param beta1 of the mean of gradients
   * @param beta2 of the mean of their squares
   * @param epsilon added to the root of the latter
   * @param decay times the parameter, added to the gradient
   * @param amsgrad whether the largest mean of squares so far divides (Reddi et al. 2018)
   */
  public record Config(
      double rate, double beta1, double beta2, double epsilon, double decay, boolean amsgrad) {
    /** PyTorch's defaults: betas 0.9 and 0.999, epsilon 1e-8, decay 0. */
    public static Config of(double rate) {
      return new Config(rate, 0.9, 0.999, 1e-8, 0, false);
    }

    /** The same with other betas. */
    public Config withBetas(double first, double second) {
      return new Config(rate, first, second, epsilon, decay, amsgrad);
    }

    /** The same with another epsilon. */
    public Config withEpsilon(double value) {
      return new Config(rate, beta1, beta2, value, decay, amsgrad);
    }

    /** The same with another weight decay. */
    public Config withDecay(double value) {
      return new Config(rate, beta1, beta2, epsilon, value, amsgrad);
    }

    /** The same with the largest mean of squares. */
    public Config withAmsgrad() {
      return new Config(rate, beta1, beta2, epsilon, decay, true);
    }
  }

  private final Config config;

  /** All parameters alike, as PyTorch does; those that are not trainable are passed over. */
  public Adam(Config config, Collection<Parameter> parameters) {
    this(config, ParameterGroup.uniform(parameters));
  }

  /** Parameters by group, for example {@link ParameterGroup#sparing}. */
  public Adam(Config config, List<ParameterGroup> groups) {
    super(
        new AdamRule(config.beta1, config.beta2, config.epsilon, config.amsgrad, false),
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
    return "Adam" + config.toString().substring("Config".length());
  }
}
