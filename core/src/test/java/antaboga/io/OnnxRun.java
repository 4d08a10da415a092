// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import antaboga.Tensor;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * What ONNX Runtime makes of a graph, on one thread.
 *
 * @param outputs by name
 */
public record OnnxRun(Map<String, Tensor> outputs) {
  private static final double TOLERANCE = 1e-4;

  /** Writes the graph into a folder, loads it from there and runs it on these inputs. */
  public static OnnxRun of(Path folder, OnnxGraph graph, Map<String, Tensor> inputs)
      throws IOException, OrtException {
    var file = Files.createTempFile(folder, "graph", ".onnx");
    graph.save(file);
    var environment = OrtEnvironment.getEnvironment();
    var given = new HashMap<String, OnnxTensor>();
    try (var options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      for (var input : inputs.entrySet()) {
        var values = FloatBuffer.wrap(input.getValue().toFloats());
        var shape = input.getValue().shape().toArray();
        given.put(input.getKey(), OnnxTensor.createTensor(environment, values, shape));
      }
      try (var session = environment.createSession(file.toString(), options);
          var result = session.run(given)) {
        var outputs = new HashMap<String, Tensor>();
        for (var output : result) {
          var tensor = (OnnxTensor) output.getValue();
          var buffer = tensor.getFloatBuffer();
          var values = new float[buffer.remaining()];
          buffer.get(values);
          outputs.put(output.getKey(), Tensor.of(values, tensor.getInfo().getShape()));
        }
        return new OnnxRun(outputs);
      }
    } finally {
      given.values().forEach(OnnxTensor::close);
    }
  }

  /** Fails unless an output has these values to 1e-4, and they differ enough to tell. */
  public void assertGives(String output, Tensor expected) {
    var sorted = expected.toDoubles();
    Arrays.sort(sorted);
    assertTrue(sorted[sorted.length - 1] - sorted[0] > 10 * TOLERANCE, output + " is flat");
    var theirs = Objects.requireNonNull(outputs.get(output), "no output " + output);
    assertEquals(expected.shape(), theirs.shape(), output);
    assertArrayEquals(expected.toDoubles(), theirs.toDoubles(), TOLERANCE, output);
  }
}
