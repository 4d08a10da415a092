// SPDX-License-Identifier: Apache-2.0
package antaboga.golden;

import antaboga.io.Npy;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * One reference case: a function, its options, what went in and what came out.
 *
 * <p>Gradients belong to the loss that sums every output times its {@code upstream} array; {@code
 * gradsWithLastState} adds the last state times its own. Cases without upstream arrays give the
 * gradients of their own loss.
 */
public final class GoldenCase {
  private final Golden golden;
  private final JsonNode node;

  GoldenCase(Golden golden, JsonNode node) {
    this.golden = golden;
    this.node = node;
  }

  /** Section and name, for people: no test may depend on it. */
  public String id() {
    return node.get("id").asText();
  }

  /** The part of the id before the slash. */
  public String section() {
    return id().replaceFirst("/.*", "");
  }

  /** The function, by which a test claims the case. */
  public String function() {
    return node.get("function").asText();
  }

  /** The function's options; an empty object where there are none. */
  public JsonNode params() {
    return object("params");
  }

  /** A remark on the case, or nothing. */
  public String note() {
    return node.path("note").asText();
  }

  /** The tolerance of arrays that have none of their own. */
  public Tolerance tolerance() {
    var tol = object("tol");
    return new Tolerance(tol.path("atol").asDouble(1e-6), tol.path("rtol").asDouble(1e-5));
  }

  /** What is fed to the function. */
  public GoldenGroup inputs() {
    return group("inputs");
  }

  /** Parameters by name. */
  public GoldenGroup weights() {
    return group("weights");
  }

  /** Gradients of the loss with respect to the outputs. */
  public GoldenGroup upstream() {
    return group("upstream");
  }

  /** What the function returned. */
  public GoldenGroup outputs() {
    return group("outputs");
  }

  /** Gradients of inputs ({@code d} and the name) and of parameters (the name). */
  public GoldenGroup grads() {
    return group("grads");
  }

  /** The same with the last state in the loss. */
  public GoldenGroup gradsWithLastState() {
    return group("grads_with_last_state");
  }

  /** A group by its name in the manifest; an empty one where the case has none. */
  public GoldenGroup group(String name) {
    return new GoldenGroup(golden.folder(), name, object(name));
  }

  /** An input, in the type it is stored in. */
  public INDArray input(String name) {
    return inputs().get(name);
  }

  /** The files that come with the case. */
  public JsonNode files() {
    return object("files");
  }

  /** Whether a file of this name comes with the case. */
  public boolean hasFile(String name) {
    return files().has(name);
  }

  /** The path of a file of the case, such as its checkpoint. */
  public Path file(String name) {
    if (!hasFile(name)) {
      throw new NoSuchElementException(id() + " has no file " + name + ", it has " + files());
    }
    return golden.folder().resolve(files().get(name).asText());
  }

  /** Another case of the same set, such as the one that {@code weights_of} names. */
  public GoldenCase other(String id) {
    return golden.get(id);
  }

  /** Named arrays kept as one flat array and an index: a state dict, or gradients by parameter. */
  public Map<String, INDArray> state(String name) {
    var file = files().get(name);
    try {
      var flat = Npy.read(golden.folder().resolve(file.get("flat").asText()));
      var index = Golden.json(golden.folder().resolve(file.get("index").asText()));
      var arrays = new LinkedHashMap<String, INDArray>();
      for (var entry : index) {
        long offset = entry.get("offset").asLong();
        var shape = new GoldenArray(golden.folder(), name, entry).shape();
        var part = flat.get(NDArrayIndex.interval(offset, offset + entry.get("count").asLong()));
        arrays.put(entry.get("name").asText(), part.dup('c').reshape('c', shape));
      }
      return arrays;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private JsonNode object(String name) {
    return node.has(name) ? node.get(name) : JsonNodeFactory.instance.objectNode();
  }

  @Override
  public String toString() {
    return id() + ": " + function() + " " + params();
  }
}
