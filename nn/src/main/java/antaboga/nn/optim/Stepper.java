// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.optim;

import antaboga.Gradients;
import antaboga.Parameter;
import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.Tensor;
import antaboga.kernel.Scratch;
import antaboga.kernel.Tiles;
import antaboga.kernel.Workers;
import antaboga.ops.Arrays;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Applies a rule to every parameter that has a gradient, and keeps what the rule remembers. */
abstract sealed class Stepper implements Optimizer permits Adam, AdamW, RmsProp, Sgd {
  private static final int TILE = 4096; // five tiles of doubles stay in a core's cache

  /** A parameter with what is remembered of it; the slots appear with its first gradient. */
  private static final class Entry {
    final Parameter parameter;
    final ParameterGroup group;
    List<INDArray> slots = List.of();
    long step;

    Entry(Parameter parameter, ParameterGroup group) {
      this.parameter = parameter;
      this.group = group;
    }
  }

  private final Rule rule;
  private final double rate;
  private final double decay;
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  Stepper(Rule rule, double rate, double decay, Collection<ParameterGroup> groups) {
    this.rule = rule;
    this.rate = rate;
    this.decay = decay;
    for (var group : groups) {
      for (var parameter : group.parameters()) {
        if (parameter.trainable()
            && entries.putIfAbsent(parameter.name(), new Entry(parameter, group)) != null) {
          throw new IllegalArgumentException(
              "optimizer: two parameters are named " + parameter.name());
        }
      }
    }
  }

  @Override
  public void step(Gradients gradients) {
    step(gradients, rate);
  }

  @Override
  public void step(Gradients gradients, double rate) {
    if (!(rate >= 0) || Double.isInfinite(rate)) {
      throw new IllegalArgumentException("optimizer: rate " + rate + ", expected 0 or more");
    }
    for (var entry : entries.values()) {
      gradients.of(entry.parameter).ifPresent(gradient -> move(entry, gradient.array(), rate));
    }
  }

  private void move(Entry entry, INDArray gradient, double rate) {
    var array = entry.parameter.array();
    Arrays.sameType("optimizer: " + entry.parameter.name(), array, gradient);
    if (entry.slots.isEmpty()) {
      entry.slots = fresh(array);
    }
    entry.step++;
    var p = Tiles.of(array);
    var g = Tiles.of(gradient);
    var slots = entry.slots.stream().map(Tiles::of).toList();
    double ownRate = rate * entry.group.rateScale();
    double ownDecay = decay * entry.group.decayScale();
    Workers.run(
        Math.toIntExact((array.length() + TILE - 1) / TILE),
        tile -> {
          long at = (long) tile * TILE;
          int n = (int) Math.min(TILE, array.length() - at);
          var parameter = Scratch.doubles(0, TILE);
          var step = Scratch.doubles(1, TILE);
          var values = new double[slots.size()][];
          p.read(at, parameter, 0, n);
          g.read(at, step, 0, n);
          for (int s = 0; s < values.length; s++) {
            values[s] = Scratch.doubles(2 + s, TILE);
            slots.get(s).read(at, values[s], 0, n);
          }
          rule.move(parameter, step, values, n, entry.step, ownRate, ownDecay);
          p.write(at, parameter, 0, n);
          for (int s = 0; s < values.length; s++) {
            slots.get(s).write(at, values[s], 0, n);
          }
        });
  }

  private List<INDArray> fresh(INDArray like) {
    var slots = new ArrayList<INDArray>();
    for (int s = 0; s < rule.slots().size(); s++) {
      slots.add(Arrays.outsideTapes(() -> Arrays.zeros(like.dataType(), like.shape())));
    }
    return slots;
  }

  @Override
  public Map<String, Tensor> state() {
    var state = new TreeMap<String, Tensor>();
    for (var entry : entries.values()) {
      if (entry.step > 0) {
        var name = entry.parameter.name();
        state.put(name + ".step", Tensor.of(new double[] {entry.step}, 1));
        for (int s = 0; s < entry.slots.size(); s++) {
          state.put(name + "." + rule.slots().get(s), Tensor.of(entry.slots.get(s)).detach());
        }
      }
    }
    return state;
  }

  @Override
  public void restore(Map<String, Tensor> state) {
    requireKnown(state);
    var restored = new LinkedHashMap<Entry, List<INDArray>>();
    for (var entry : entries.values()) {
      if (state.containsKey(entry.parameter.name() + ".step")) {
        restored.put(entry, slots(entry.parameter, state));
      }
    }
    for (var entry : entries.values()) {
      var step = state.get(entry.parameter.name() + ".step");
      entry.step = step == null ? 0 : (long) step.item();
      entry.slots = restored.getOrDefault(entry, List.of());
    }
  }

  private List<INDArray> slots(Parameter parameter, Map<String, Tensor> state) {
    var slots = new ArrayList<INDArray>();
    for (var slot : rule.slots()) {
      var key = parameter.name() + "." + slot;
      var saved = state.get(key);
      if (saved == null) {
        throw new IllegalArgumentException(
            "optimizer state has no " + key + "; it was saved by another optimizer");
      }
      if (!saved.shape().equals(parameter.shape()) || saved.type() != parameter.type()) {
        throw new ShapeException(
            "optimizer state %s has shape %s and type %s, expected %s and %s"
                .formatted(
                    key,
                    saved.shape(),
                    saved.type(),
                    Shape.of(parameter.shape().toArray()),
                    parameter.type()));
      }
      slots.add(saved.detach().array());
    }
    return slots;
  }

  private void requireKnown(Map<String, Tensor> state) {
    for (var key : state.keySet()) {
      int dot = key.lastIndexOf('.');
      var slot = key.substring(dot + 1);
      if (dot < 0 || !entries.containsKey(key.substring(0, dot))) {
        throw new IllegalArgumentException(
            "optimizer state has " + key + ", of a parameter that is not optimised here");
      }
      if (!slot.equals("step") && !rule.slots().contains(slot)) {
        throw new IllegalArgumentException(
            "optimizer state has " + key + ", expected step or one of " + rule.slots());
      }
    }
  }
}
