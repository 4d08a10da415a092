// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.optim;

import antaboga.Parameter;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Parameters that are optimised alike.
 *
 * @param parameters the parameters; those that are not trainable are passed over
 * @param rateScale times the learning rate
 * @param decayScale times the weight decay
 */
public record ParameterGroup(List<Parameter> parameters, double rateScale, double decayScale) {
  /** Keeps a copy of the list. */
  public ParameterGroup {
    parameters = List.copyOf(parameters);
    if (!(rateScale >= 0) || !(decayScale >= 0)) {
      throw new IllegalArgumentException(
          "parameter group: scales %s and %s, expected 0 or more".formatted(rateScale, decayScale));
    }
  }

  /** All parameters alike, as PyTorch does by default. */
  public static List<ParameterGroup> uniform(Collection<Parameter> parameters) {
    return List.of(new ParameterGroup(List.copyOf(parameters), 1, 1));
  }

  /**
   * Two groups: weight decay for matrices and kernels, none for {@link #isSpared spared} ones.
   * Decay pulls towards 0, which means nothing for a norm's scale or a state's time constant.
   */
  public static List<ParameterGroup> sparing(Collection<Parameter> parameters) {
    var spared = parameters.stream().collect(Collectors.partitioningBy(ParameterGroup::isSpared));
    return List.of(
        new ParameterGroup(spared.getOrDefault(false, List.of()), 1, 1),
        new ParameterGroup(spared.getOrDefault(true, List.of()), 1, 0));
  }

  /**
   * Whether a parameter is a bias, a norm's scale or another vector, or a scan's {@code A_log} or
   * {@code D}.
   */
  public static boolean isSpared(Parameter parameter) {
    var name = parameter.name();
    var last = name.substring(name.lastIndexOf('.') + 1);
    return parameter.shape().rank() < 2
        || last.endsWith("bias")
        || last.equals("A_log")
        || last.equals("A_logs")
        || last.equals("D")
        || last.equals("Ds");
  }
}
