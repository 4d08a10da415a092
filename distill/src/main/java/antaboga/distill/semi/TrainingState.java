// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Parameter;
import antaboga.Tensor;
import antaboga.io.Checkpoint;
import antaboga.io.FormatException;
import antaboga.io.WholeFile;
import antaboga.nn.optim.Optimizer;
import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Everything that a step changes, and the file it is kept in: arrays {@code student.*}, {@code
 * average.*}, {@code objective.*}, {@code optimizer.*}, and metadata that tell whose they are.
 */
final class TrainingState {
  private static final String STUDENT = "student.";
  private static final String AVERAGE = "average.";
  private static final String OBJECTIVE = "objective.";
  private static final String OPTIMIZER = "optimizer.";

  private final SemiSupervisedTraining.Config config;
  private final Students students;
  private final SemiSupervisedTraining.Objective objective;
  private final Optimizer optimizer;

  TrainingState(
      SemiSupervisedTraining.Config config,
      Students students,
      SemiSupervisedTraining.Objective objective,
      Optimizer optimizer) {
    this.config = config;
    this.students = students;
    this.objective = objective;
    this.optimizer = optimizer;
  }

  /** The parameters that the optimiser moves. */
  List<Parameter> trained() {
    return Stream.of(students.weights(), objective.weights())
        .flatMap(weights -> weights.trainable().stream())
        .toList();
  }

  void save(int step) throws IOException {
    var arrays = new LinkedHashMap<String, INDArray>();
    students.weights().arrays().forEach((name, x) -> arrays.put(STUDENT + name, x));
    students.averageWeights().arrays().forEach((name, x) -> arrays.put(AVERAGE + name, x));
    objective.weights().arrays().forEach((name, x) -> arrays.put(OBJECTIVE + name, x));
    optimizer.state().forEach((name, x) -> arrays.put(OPTIMIZER + name, x.array()));
    var checkpoint = Checkpoint.of(arrays).with("step", Integer.toString(step));
    for (var entry : identity().entrySet()) {
      checkpoint = checkpoint.with(entry.getKey(), entry.getValue());
    }
    try {
      Files.createDirectories(config.folder());
      checkpoint.save(config.checkpoint());
    } catch (IOException e) {
      throw new IOException(
          ("%s; step %d could not be saved, what was saved before is untouched: free some space or make"
                  + " the folder writable, then run again to resume")
              .formatted(e.getMessage(), step),
          e);
    }
  }

  /**
   * Reads the checkpoint in the folder: the number of steps it holds, or empty if there is none.
   */
  OptionalInt restore() throws IOException {
    WholeFile.forgetUnfinished(config.checkpoint());
    if (!Files.exists(config.checkpoint())) {
      return OptionalInt.empty();
    }
    var saved = Checkpoint.open(config.checkpoint());
    requireOwn(saved.metadata());
    int step = step(saved.metadata());
    try {
      students.weights().assign(saved.under(STUDENT).arrays());
      students.averageWeights().assign(saved.under(AVERAGE).arrays());
      objective.weights().assign(saved.under(OBJECTIVE).arrays());
      var moments = new LinkedHashMap<String, Tensor>();
      saved.under(OPTIMIZER).arrays().forEach((name, x) -> moments.put(name, Tensor.of(x)));
      optimizer.restore(moments);
    } catch (IllegalArgumentException | IllegalStateException e) {
      var problem =
          new FormatException(config.checkpoint(), "arrays", String.valueOf(e.getMessage()));
      problem.initCause(e);
      throw problem;
    }
    return OptionalInt.of(step);
  }

  private Map<String, String> identity() {
    var identity = new LinkedHashMap<String, String>();
    identity.put("format", "antaboga training 1");
    identity.put("seed", Long.toString(config.seed()));
    identity.put("steps", Integer.toString(config.steps()));
    identity.put("parameters", Long.toString(students.weights().count()));
    identity.put("schedule", text(config.schedule()));
    identity.put("clip", Double.toString(config.clip()));
    identity.put("averaging", Double.toString(config.averaging()));
    identity.put("data", config.data());
    identity.put("objective", text(objective));
    identity.put("optimizer", text(optimizer));
    return identity;
  }

  // a lambda's name and an identity hash differ from run to run and tell nothing
  private static String text(Object part) {
    return part.toString().replaceAll("\\$\\$Lambda.*|@[0-9a-f]+$", "");
  }

  private void requireOwn(Map<String, String> metadata) throws IOException {
    for (var entry : identity().entrySet()) {
      var found = metadata.get(entry.getKey());
      if (!entry.getValue().equals(found)) {
        throw new FormatException(
            config.checkpoint(),
            entry.getKey(),
            "is of another run: %s, this run has %s; choose another folder, or delete the file"
                .formatted(found, entry.getValue()));
      }
    }
  }

  private int step(Map<String, String> metadata) throws IOException {
    var text = metadata.getOrDefault("step", "");
    try {
      int step = Integer.parseInt(text);
      if (step >= 0 && step <= config.steps()) {
        return step;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw new FormatException(
        config.checkpoint(), "step", "is '%s', expected 0 to %d".formatted(text, config.steps()));
  }
}
