// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import antaboga.Shape;
import antaboga.ops.Arrays;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Named arrays in order, with metadata: what training leaves and a model is loaded from.
 *
 * <pre>{@code
 * Checkpoint.of(weights.arrays()).with("step", "1200").save(Path.of("student.safetensors"));
 * var weights = Weights.from(Checkpoint.open(Path.of("student.safetensors")).arrays());
 * }</pre>
 *
 * <p>A checkpoint is a value. Opening a file reads and checks its index; an array is read when
 * asked for, straight into its own memory. No handle stays open: there is nothing to close, and a
 * file that is replaced meanwhile is noticed.
 */
public final class Checkpoint {
  private static final List<String> WRAPPERS = List.of("model", "state_dict", "model_state_dict");
  private static final String DATA_PARALLEL = "module.";
  private static final String MEMORY = "memory";

  private final String source;
  private final Map<String, StoredArray> arrays;
  private final Map<String, String> metadata;

  Checkpoint(String source, Map<String, StoredArray> arrays, Map<String, String> metadata) {
    this.source = source;
    this.arrays = Collections.unmodifiableMap(arrays);
    this.metadata = Collections.unmodifiableMap(metadata);
  }

  /**
   * Opens a file by what it holds, whatever its name: safetensors, or a state dict that PyTorch
   * saved. Of the latter, nested dictionaries give names like {@code model/neck.0.weight}, and
   * numbers and texts are metadata; nothing in it is ever run.
   *
   * @throws FormatException if it is no checkpoint or a damaged one, with the field at fault
   */
  public static Checkpoint open(Path path) throws IOException {
    var file = OpenedFile.of(path);
    var start = ByteBuffer.allocate((int) Math.min(16, file.size()));
    try (var channel = file.channel()) {
      ArrayBytes.readFully(channel, 0, start);
    }
    var bytes = start.flip().order(ByteOrder.LITTLE_ENDIAN);
    if (SafeTensors.starts(bytes)) {
      return SafeTensors.open(file);
    }
    if (PyTorchFile.startsZip(bytes)) {
      return PyTorchFile.openZip(file);
    }
    if (PyTorchFile.startsPickle(bytes)) {
      return PyTorchFile.openLegacy(file);
    }
    throw new FormatException(path, "content", unknown(bytes));
  }

  /**
   * The arrays by name, in the map's order; they are not copied.
   *
   * @throws IllegalArgumentException if an array has a type that files do not hold
   */
  public static Checkpoint of(Map<String, INDArray> arrays) {
    var stored = new LinkedHashMap<String, StoredArray>();
    arrays.forEach(
        (name, array) ->
            stored.put(
                name,
                new StoredArray(
                    ElementType.of(array.dataType()),
                    Shape.of(array.shape()),
                    () -> Arrays.contiguous(array))));
    return new Checkpoint(MEMORY, stored, new LinkedHashMap<>());
  }

  /** The same with one more entry of metadata; an entry of that key is replaced. */
  public Checkpoint with(String key, String value) {
    var more = new LinkedHashMap<>(metadata);
    more.put(key, value);
    return new Checkpoint(source, arrays, more);
  }

  /** The names, in the file's order. */
  public List<String> names() {
    return List.copyOf(arrays.keySet());
  }

  /** Whether it has an array of this name. */
  public boolean has(String name) {
    return arrays.containsKey(name);
  }

  /** The element type in the file; 16-bit floats are read as FLOAT. */
  public ElementType type(String name) {
    return stored(name).type();
  }

  /** The sizes of an array, which is not read for that. */
  public Shape shape(String name) {
    return stored(name).shape();
  }

  /**
   * Reads an array: dense, row-major, on no tape.
   *
   * @throws NoSuchElementException if there is no such name
   */
  public INDArray get(String name) throws IOException {
    return stored(name).source().load();
  }

  /** Whether {@link #get} reads an array of the caller's own, rather than giving one of another. */
  public boolean readsAnew() {
    return !source.equals(MEMORY);
  }

  /** Reads all arrays, in order. */
  public Map<String, INDArray> arrays() throws IOException {
    var all = new LinkedHashMap<String, INDArray>();
    for (var name : arrays.keySet()) {
      all.put(name, get(name));
    }
    return all;
  }

  /** What else the file says, by key. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** The arrays whose names begin with the prefix, without it. */
  public Checkpoint under(String prefix) {
    return renamed(n -> n.startsWith(prefix) ? n.substring(prefix.length()) : "");
  }

  /**
   * The model's own arrays: those nested under {@code model}, {@code state_dict} or {@code
   * model_state_dict} where the file has such a level, without the prefix {@code module.} that
   * PyTorch's data parallelism leaves on every name.
   */
  public Checkpoint stateDict() {
    var model =
        WRAPPERS.stream()
            .map(wrapper -> under(wrapper + "/"))
            .filter(nested -> !nested.arrays.isEmpty())
            .findFirst()
            .orElse(this);
    boolean parallel =
        !model.arrays.isEmpty()
            && model.arrays.keySet().stream().allMatch(n -> n.startsWith(DATA_PARALLEL));
    return parallel ? model.under(DATA_PARALLEL) : model;
  }

  /**
   * Writes safetensors, in place of the file as a whole or not at all. The same arrays in the same
   * order with the same metadata give the same bytes; 16-bit floats are written as they are read,
   * with 32 bits.
   *
   * @throws IllegalArgumentException if a name is not Unicode or is {@code __metadata__}
   */
  public void save(Path path) throws IOException {
    var layout = SafeTensors.layout(this);
    WholeFile.replace(path, file -> SafeTensors.write(file, layout, this));
  }

  /**
   * The same arrays under other names; those whose new name is empty are left out, and of several
   * that get one name the last stays.
   */
  public Checkpoint renamed(UnaryOperator<String> name) {
    var kept = new LinkedHashMap<String, StoredArray>();
    arrays.forEach(
        (old, array) -> {
          var renamed = name.apply(old);
          if (!renamed.isEmpty()) {
            kept.put(renamed, array);
          }
        });
    return new Checkpoint(source, kept, metadata);
  }

  private StoredArray stored(String name) {
    var array = arrays.get(name);
    if (array == null) {
      throw new NoSuchElementException(
          source + " has no array " + name + " among its " + arrays.size());
    }
    return array;
  }

  private static String unknown(ByteBuffer start) {
    var bytes = new byte[start.remaining()];
    start.get(bytes);
    var text = new String(bytes, StandardCharsets.ISO_8859_1);
    if (bytes.length == 0) {
      return "is empty";
    }
    if (text.stripLeading().startsWith("<")) {
      return "is a web page, not a checkpoint; the download went wrong";
    }
    if (text.startsWith("version https://")) {
      return "is a pointer of Git LFS, not a checkpoint; fetch it with git lfs pull";
    }
    return "is neither safetensors nor a PyTorch checkpoint; it starts with "
        + HexFormat.ofDelimiter(" ").formatHex(bytes);
  }

  @Override
  public String toString() {
    return source + ": " + arrays.size() + " arrays";
  }
}
