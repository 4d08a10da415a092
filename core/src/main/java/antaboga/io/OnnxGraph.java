// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import antaboga.Parameter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A model as a graph of operators in ONNX, the format of other runtimes: operator set 17, 32-bit
 * floats.
 *
 * <pre>{@code
 * var graph = new OnnxGraph("linear");
 * var x = graph.input("x", "B 3");
 * graph.output("y", x.linear(weight, bias), "B 2");
 * graph.save(Path.of("linear.onnx"));
 * }</pre>
 *
 * <p>Arrays are neither copied nor read before {@link #save}. Source: onnx.ai, Open Neural Network
 * Exchange Intermediate Representation, and onnx.proto.
 */
public final class OnnxGraph {
  private static final long IR_VERSION = 8;
  private static final long OPERATORS = 17;
  private static final int FLOAT = 1;
  private static final int INT64 = 7;

  private final String name;
  private final @Nullable OnnxGraph outer;
  private final String prefix; // of the names in it, which are unique in the whole model
  private final ProtoMessage body = new ProtoMessage(); // nodes, inputs and outputs
  private final Map<String, ProtoMessage> constants = new LinkedHashMap<>();
  private final Map<List<Long>, String> lines = new HashMap<>(); // names of integers
  private final Map<String, INDArray> arrays = new HashMap<>();
  private final Map<String, String> metadata = new TreeMap<>();
  private int nodes;

  /** An empty graph. */
  public OnnxGraph(String name) {
    this(name, null, "");
  }

  private OnnxGraph(String name, @Nullable OnnxGraph outer, String prefix) {
    this.name = name;
    this.outer = outer;
    this.prefix = prefix;
  }

  /**
   * A graph that an operator of this one runs, such as the step of a {@code Scan}; it is that
   * operator's attribute once it is complete, and may use the values of this one.
   */
  public OnnxGraph inner(String innerName) {
    var unique = prefix + innerName + "_" + nodes++;
    return new OnnxGraph(unique, this, unique + "/");
  }

  /**
   * An input of floats.
   *
   * @param axes its sizes: numbers, or names of those that are free, as {@code "B 3 256 256"}
   */
  public OnnxValue input(String input, String axes) {
    body.put(11, described(prefix + input, axes));
    return new OnnxValue(this, prefix + input);
  }

  /** Makes a value an output of floats; {@code axes} as of an input. */
  public void output(String output, OnnxValue value, String axes) {
    var full = prefix + output;
    body.put(1, node("Identity", List.of(value.name()), List.of(full), Map.of()));
    body.put(12, described(full, axes));
  }

  /** Notes something about the model, for people and programs. */
  public void note(String key, String value) {
    metadata.put(key, value);
  }

  /** The values of a parameter, under its own name. */
  public OnnxValue parameter(Parameter parameter) {
    return array(parameter.name(), parameter.array());
  }

  /**
   * A constant array; the same under the same name is written once.
   *
   * @throws IllegalArgumentException if it is not of FLOAT, or another has that name
   */
  public OnnxValue array(String constant, INDArray values) {
    if (outer != null) {
      return outer.array(constant, values); // under its own name, which must be unique
    }
    var before = arrays.putIfAbsent(constant, values);
    if (before == null) {
      if (values.dataType() != DataType.FLOAT) {
        throw new IllegalArgumentException(
            "ONNX: %s is of %s, expected FLOAT; build the model in FLOAT"
                .formatted(constant, values.dataType()));
      }
      constants.put(constant, tensor(constant, FLOAT, values.shape()).put(9, values));
    } else if (before != values) {
      throw new IllegalArgumentException(
          "ONNX: two arrays have the name " + constant + "; give each its own");
    }
    return new OnnxValue(this, constant);
  }

  /** A constant without axes. */
  public OnnxValue scalar(double value) {
    var constant = prefix + "scalar " + (float) value;
    var bytes = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    constants.computeIfAbsent(
        constant, n -> tensor(n, FLOAT).put(9, bytes.putFloat((float) value).array()));
    return new OnnxValue(this, constant);
  }

  /** A constant line of integers, such as a shape. */
  public OnnxValue integers(long... values) {
    var constant =
        lines.computeIfAbsent(
            Arrays.stream(values).boxed().toList(), v -> prefix + "integers_" + lines.size());
    var bytes = ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(values);
    constants.computeIfAbsent(constant, n -> tensor(n, INT64, values.length).put(9, bytes.array()));
    return new OnnxValue(this, constant);
  }

  /** Applies an operator of one output. */
  public OnnxValue apply(String operator, List<OnnxValue> inputs, Map<String, ?> attributes) {
    return apply(operator, inputs, attributes, 1).get(0);
  }

  /**
   * Applies an operator; what each does is told by ONNX's own reference.
   *
   * @param attributes by name: integers, floating point numbers, texts, arrays of long, and {@link
   *     #inner} graphs
   * @throws IllegalArgumentException if an input is of another graph, or an attribute of another
   *     type
   */
  public List<OnnxValue> apply(
      String operator, List<OnnxValue> inputs, Map<String, ?> attributes, int outputs) {
    for (var input : inputs) {
      if (!sees(input.graph())) {
        throw new IllegalArgumentException(
            "ONNX: %s: %s is of another graph".formatted(operator, input.name()));
      }
    }
    var node = prefix + operator + "_" + nodes++;
    var names =
        IntStream.range(0, outputs).mapToObj(i -> outputs == 1 ? node : node + "." + i).toList();
    body.put(
        1,
        node(operator, inputs.stream().map(OnnxValue::name).toList(), names, attributes)
            .put(3, node));
    return names.stream().map(output -> new OnnxValue(this, output)).toList();
  }

  /**
   * Writes the file as a whole or not at all; the same graph gives the same bytes.
   *
   * @throws IOException if it cannot be written
   * @throws IllegalStateException if it would have more than the 2 GiB that ONNX allows
   */
  public void save(Path path) throws IOException {
    var model =
        new ProtoMessage()
            .put(1, IR_VERSION)
            .put(2, "antaboga")
            .put(8, new ProtoMessage().put(1, "").put(2, OPERATORS));
    metadata.forEach((key, value) -> model.put(14, new ProtoMessage().put(1, key).put(2, value)));
    model.put(7, message());
    if (model.size() > Integer.MAX_VALUE) {
      throw new IllegalStateException(
          "ONNX: %s has %d bytes, expected at most 2 GiB; export its parts one by one"
              .formatted(name, model.size()));
    }
    WholeFile.replace(path, model::writeTo);
  }

  private boolean sees(OnnxGraph other) {
    return other == this || (outer != null && outer.sees(other));
  }

  private ProtoMessage message() {
    var graph = new ProtoMessage().append(body).put(2, name);
    constants.values().forEach(constant -> graph.put(5, constant));
    return graph;
  }

  private static ProtoMessage tensor(String name, int type, long... shape) {
    var tensor = new ProtoMessage();
    for (long size : shape) {
      tensor.put(1, size);
    }
    return tensor.put(2, type).put(8, name);
  }

  private static ProtoMessage described(String name, String axes) {
    var shape = new ProtoMessage();
    for (var axis : axes.split(" ", -1)) {
      boolean fixed = Character.isDigit(axis.charAt(0));
      shape.put(
          1,
          fixed
              ? new ProtoMessage().put(1, Long.parseLong(axis))
              : new ProtoMessage().put(2, axis));
    }
    var tensor = new ProtoMessage().put(1, FLOAT).put(2, shape);
    return new ProtoMessage().put(1, name).put(2, new ProtoMessage().put(1, tensor));
  }

  private static ProtoMessage node(
      String operator, List<String> inputs, List<String> outputs, Map<String, ?> attributes) {
    var node = new ProtoMessage();
    inputs.forEach(input -> node.put(1, input));
    outputs.forEach(output -> node.put(2, output));
    node.put(4, operator);
    new TreeMap<>(attributes).forEach((key, value) -> node.put(5, attribute(key, value)));
    return node;
  }

  private static ProtoMessage attribute(String name, Object value) {
    var attribute = new ProtoMessage().put(1, name);
    if (value instanceof Integer || value instanceof Long) {
      return attribute.put(3, ((Number) value).longValue()).put(20, 2);
    }
    if (value instanceof Float || value instanceof Double) {
      return attribute.put(2, ((Number) value).floatValue()).put(20, 1);
    }
    if (value instanceof String text) {
      return attribute.put(4, text).put(20, 3);
    }
    if (value instanceof long[] numbers) {
      for (long number : numbers) {
        attribute.put(8, number);
      }
      return attribute.put(20, 7);
    }
    if (value instanceof OnnxGraph graph) {
      return attribute.put(6, graph.message()).put(20, 5);
    }
    throw new IllegalArgumentException(
        "ONNX: attribute %s is of %s".formatted(name, value.getClass().getName()));
  }

  @Override
  public String toString() {
    return "ONNX graph %s of %d nodes".formatted(name, nodes);
  }
}
