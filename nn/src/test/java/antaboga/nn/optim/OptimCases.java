// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.optim;

import antaboga.Gradients;
import antaboga.Parameter;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.golden.Check;
import antaboga.golden.GoldenCase;
import antaboga.golden.GoldenRunner;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Claims the golden cases of optimisers, schedules and clipping. */
public final class OptimCases {
  private interface Maker {
    Optimizer of(JsonNode params, List<Parameter> parameters);
  }

  private OptimCases() {}

  /** Adds the claims. */
  public static void claim(GoldenRunner runner) {
    optimizer(runner, "torch\\.optim\\.Adam,.*", (p, all) -> new Adam(adam(p), all));
    optimizer(runner, "torch\\.optim\\.AdamW,.*", (p, all) -> new AdamW(adamW(p), all));
    optimizer(runner, "torch\\.optim\\.SGD,.*", (p, all) -> new Sgd(sgd(p), all));
    optimizer(runner, "torch\\.optim\\.RMSprop,.*", (p, all) -> new RmsProp(rmsProp(p), all));
    runner.claim("learning rate before each .*", OptimCases::rates);
    runner.claim("clip_grad_norm_.*", OptimCases::clip);
  }

  private static double number(JsonNode p, String name, double otherwise) {
    return p.path(name).asDouble(otherwise);
  }

  private static Adam.Config adam(JsonNode p) {
    return new Adam.Config(
        number(p, "lr", 1e-3),
        p.path("betas").path(0).asDouble(0.9),
        p.path("betas").path(1).asDouble(0.999),
        number(p, "eps", 1e-8),
        number(p, "weight_decay", 0),
        p.path("amsgrad").asBoolean());
  }

  private static AdamW.Config adamW(JsonNode p) {
    return new AdamW.Config(
        number(p, "lr", 1e-3),
        p.path("betas").path(0).asDouble(0.9),
        p.path("betas").path(1).asDouble(0.999),
        number(p, "eps", 1e-8),
        number(p, "weight_decay", 0.01),
        p.path("amsgrad").asBoolean());
  }

  private static Sgd.Config sgd(JsonNode p) {
    return new Sgd.Config(
        number(p, "lr", 1e-3),
        number(p, "momentum", 0),
        number(p, "dampening", 0),
        number(p, "weight_decay", 0),
        p.path("nesterov").asBoolean());
  }

  private static RmsProp.Config rmsProp(JsonNode p) {
    return new RmsProp.Config(
        number(p, "lr", 0.01),
        number(p, "alpha", 0.99),
        number(p, "eps", 1e-8),
        number(p, "weight_decay", 0),
        number(p, "momentum", 0),
        p.path("centered").asBoolean());
  }

  private static void optimizer(GoldenRunner runner, String function, Maker maker) {
    runner.claim(function, (c, check) -> trajectory(maker, c, check));
  }

  private static void trajectory(Maker maker, GoldenCase c, Check check) {
    var parameters = new ArrayList<Parameter>();
    var given = new ArrayList<INDArray>();
    for (int i = 0; c.inputs().has("p" + i); i++) {
      parameters.add(new Parameter("p" + i, c.input("p" + i), true));
      given.add(c.input("g" + i));
    }
    var optimizer = maker.of(c.params(), parameters);
    long steps = given.get(0).size(0);
    var trajectories = parameters.stream().map(p -> new ArrayList<INDArray>()).toList();
    for (long step = 0; step < steps; step++) {
      var now = new ArrayList<INDArray>();
      for (var g : given) {
        now.add(g.tensorAlongDimension(step, axesBehind(g)).dup('c'));
      }
      try (var tape = new Tape(0)) {
        optimizer.step(gradients(tape, parameters, now));
      }
      for (int i = 0; i < parameters.size(); i++) {
        trajectories.get(i).add(parameters.get(i).detach().array());
      }
    }
    for (int i = 0; i < parameters.size(); i++) {
      check.output("traj" + i, Nd4j.stack(0, trajectories.get(i).toArray(INDArray[]::new)));
    }
  }

  private static int[] axesBehind(INDArray g) {
    var axes = new int[g.rank() - 1];
    for (int i = 0; i < axes.length; i++) {
      axes[i] = i + 1;
    }
    return axes;
  }

  /** The gradients of {@code sum(p * g)}, which are the g. */
  private static Gradients gradients(Tape tape, List<Parameter> parameters, List<INDArray> g) {
    Tensor loss = Tensor.scalar(0);
    for (int i = 0; i < parameters.size(); i++) {
      loss = loss.add(parameters.get(i).mul(Tensor.of(g.get(i))).sum());
    }
    return tape.gradients(loss);
  }

  private static void rates(GoldenCase c, Check check) {
    var schedule = schedule(c.params());
    var rates = new double[c.params().get("n").asInt()];
    for (int step = 0; step < rates.length; step++) {
      rates[step] = schedule.rate(step);
    }
    check.output("lr", Nd4j.createFromArray(rates));
  }

  private static Schedule schedule(JsonNode p) {
    double rate = p.get("base_lr").asDouble();
    double minimum = number(p, "eta_min", 0);
    if (p.has("T_max")) {
      return Schedule.cosineWave(rate, p.get("T_max").asLong(), minimum);
    }
    if (p.has("T_0")) {
      return Schedule.cosineRestarts(
          rate, p.get("T_0").asLong(), p.path("T_mult").asInt(1), minimum);
    }
    if (p.has("step_size")) {
      return Schedule.steps(rate, p.get("step_size").asLong(), number(p, "gamma", 0.1));
    }
    if (p.has("milestones")) {
      var at = new ArrayList<Long>();
      p.get("milestones").forEach(m -> at.add(m.asLong()));
      return Schedule.milestones(rate, at, number(p, "gamma", 0.1));
    }
    if (p.has("total_iters")) {
      return Schedule.linear(
          rate * number(p, "start_factor", 1.0 / 3),
          rate * number(p, "end_factor", 1),
          p.get("total_iters").asLong());
    }
    if (p.has("formula")) {
      var poly =
          Pattern.compile("lr\\*\\(1-i/([\\d.]+)\\)\\^([\\d.]+)")
              .matcher(p.get("formula").asText());
      if (!poly.matches()) {
        throw new IllegalArgumentException("formula " + p.get("formula"));
      }
      return Schedule.poly(
          rate, (long) Double.parseDouble(poly.group(1)), Double.parseDouble(poly.group(2)));
    }
    return Schedule.exponential(rate, p.get("gamma").asDouble());
  }

  private static void clip(GoldenCase c, Check check) {
    var parameters = new ArrayList<Parameter>();
    var given = new ArrayList<INDArray>();
    for (int i = 0; c.inputs().has("g" + i); i++) {
      given.add(c.input("g" + i));
      parameters.add(new Parameter("g" + i, given.get(i), true));
    }
    try (var tape = new Tape(0)) {
      var gradients = gradients(tape, parameters, given);
      check.output("norm", Nd4j.scalar(gradients.norm()));
      var clipped = gradients.clip(c.params().get("max_norm").asDouble());
      for (int i = 0; i < given.size(); i++) {
        check.output("c" + i, clipped.of(parameters.get(i)).orElseThrow().array());
      }
    }
  }
}
