// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.optim;

import antaboga.Parameter;
import antaboga.ShapeException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Weights that follow others as their exponential moving average: {@code average = d average + (1 -
 * d) weight} with {@code d = min(1 - 1 / (t + 1), limit)}, so that the first step copies. Buffers,
 * such as running means, are copied at each step.
 *
 * <p>The average belongs to a model of its own, built like the one that it follows; saving that
 * model saves everything. Source: Tarvainen and Valpola 2017, arXiv 1703.01780.
 */
public final class Ema {
  private record Followed(Parameter average, Parameter weight) {}

  private final Map<String, Followed> pairs = new LinkedHashMap<>();
  private final double limit;

  /**
   * An average that follows weights of the same names.
   *
   * @param average the parameters and buffers of the averaged model
   * @param weights those of the trained one
   * @param limit the largest d, in [0, 1)
   * @throws IllegalArgumentException if a name is missing on one side
   * @throws ShapeException if shapes or types differ
   */
  public Ema(Collection<Parameter> average, Collection<Parameter> weights, double limit) {
    if (!(limit >= 0 && limit < 1)) {
      throw new IllegalArgumentException("ema: limit " + limit + ", expected [0, 1)");
    }
    this.limit = limit;
    var byName = new LinkedHashMap<String, Parameter>();
    weights.forEach(weight -> byName.put(weight.name(), weight));
    for (var parameter : average) {
      var weight = byName.remove(parameter.name());
      if (weight == null) {
        throw new IllegalArgumentException(
            "ema: the weights have no " + parameter.name() + ", which the average has");
      }
      requireAlike(parameter, weight);
      pairs.put(parameter.name(), new Followed(parameter, weight));
    }
    if (!byName.isEmpty()) {
      throw new IllegalArgumentException(
          "ema: the average has no "
              + byName.keySet().iterator().next()
              + ", which the weights have");
    }
  }

  private static void requireAlike(Parameter average, Parameter weight) {
    if (!average.shape().equals(weight.shape()) || average.type() != weight.type()) {
      throw new ShapeException(
          "ema: average %s of type %s and weight %s of type %s, expected alike"
              .formatted(average, average.type(), weight, weight.type()));
    }
  }

  /** How much of the average stays at step t, counted from 0. */
  public double decay(long step) {
    return Math.min(1 - 1.0 / (step + 1), limit);
  }

  /** Moves the average towards the weights, as of step t, counted from 0. */
  public void follow(long step) {
    double stays = decay(step);
    for (var pair : pairs.values()) {
      INDArray average = pair.average.array();
      if (pair.weight.trainable()) {
        Averages.move(average, pair.weight.array(), stays);
      } else {
        average.assign(pair.weight.array());
      }
    }
  }
}
