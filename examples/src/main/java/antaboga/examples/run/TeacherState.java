// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.Tensor;
import antaboga.io.Checkpoint;
import antaboga.nn.optim.Optimizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a teacher's training goes on from: its weights, what the optimiser remembers, the number of
 * steps taken. Written whole, and of use to the same run alone.
 *
 * @param file where it is kept
 * @param run everything that the result depends on, in a line
 */
record TeacherState(Path file, String run) {
  private static final String OPTIMIZER = "optimizer.";

  /**
   * What a file holds.
   *
   * @param step the number of steps taken
   * @param arrays the weights, and what else was saved beside them
   * @param moments what the optimiser remembers
   */
  record Saved(int step, Map<String, INDArray> arrays, Map<String, Tensor> moments) {}

  static TeacherState in(Path folder, String run) {
    return new TeacherState(folder.resolve("teacher-checkpoint.safetensors"), run);
  }

  /**
   * What an earlier process has left; empty if nothing.
   *
   * @throws Failure if it is of another run
   * @throws IOException if it cannot be read
   */
  Optional<Saved> open() throws IOException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    var saved = Checkpoint.open(file);
    var other = saved.metadata().getOrDefault("run", "");
    if (!run.equals(other)) {
      throw new Failure(
          "checkpoint is of another run (%s; this one is %s)".formatted(other, run),
          file,
          "give another folder with --out, or delete the file");
    }
    var arrays = new LinkedHashMap<String, INDArray>();
    var moments = new LinkedHashMap<String, Tensor>();
    for (var entry : saved.arrays().entrySet()) {
      var name = entry.getKey();
      if (name.startsWith(OPTIMIZER)) {
        moments.put(name.substring(OPTIMIZER.length()), Tensor.of(entry.getValue()));
      } else {
        arrays.put(name, entry.getValue());
      }
    }
    return Optional.of(
        new Saved(Integer.parseInt(saved.metadata().getOrDefault("step", "0")), arrays, moments));
  }

  /** Replaces what is there. */
  void save(int step, Map<String, INDArray> arrays, Optimizer optimizer) throws IOException {
    var all = new LinkedHashMap<>(arrays);
    optimizer.state().forEach((name, moment) -> all.put(OPTIMIZER + name, moment.array()));
    Checkpoint.of(all).with("step", Integer.toString(step)).with("run", run).save(file);
  }
}
