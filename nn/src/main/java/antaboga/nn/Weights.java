// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Parameter;
import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.io.Checkpoint;
import antaboga.ops.Arrays;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A place in a tree of named parameters. A layer's constructor asks its place for what it needs;
 * the tree behind it draws new values or takes them from a file, so that one constructor serves
 * both. Names are PyTorch's {@code state_dict} keys.
 *
 * <pre>{@code
 * var weights = Weights.init(42);
 * var student = new VssUNet(weights, VssUNetConfig.tiny());
 * var optimizer = new AdamW(AdamW.Config.of(1e-3), weights.trainable());
 * }</pre>
 */
public final class Weights {
  private record Tree(
      long seed,
      DataType type,
      @Nullable Source source,
      Map<String, Parameter> parameters,
      @Nullable Faults faults) {}

  /** Named arrays: {@code passing} ones were read for a parameter alone, which copies them. */
  private record Source(
      Set<String> names,
      Function<String, Shape> shape,
      Function<String, INDArray> array,
      boolean passing) {
    static Source of(Map<String, INDArray> arrays) {
      var all = Map.copyOf(arrays);
      return new Source(
          all.keySet(),
          name -> Shape.of(array(all, name).shape()),
          name -> array(all, name),
          false);
    }

    private static INDArray array(Map<String, INDArray> all, String name) {
      return Objects.requireNonNull(all.get(name), name);
    }

    static Source of(Checkpoint checkpoint) {
      return new Source(
          Set.copyOf(checkpoint.names()),
          checkpoint::shape,
          name -> {
            try {
              return checkpoint.get(name);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          },
          checkpoint.readsAnew());
    }
  }

  /** What does not agree so far, where that is told in the end and not at once. */
  private record Faults(List<String> missing, List<String> misshaped) {}

  private final Tree tree;
  private final String place; // "" or "blocks.0."
  private final boolean frozen;

  private Weights(Tree tree, String place, boolean frozen) {
    this.tree = tree;
    this.place = place;
    this.frozen = frozen;
  }

  /**
   * A tree that draws float parameters; each one's values depend on the seed and its name alone.
   */
  public static Weights init(long seed) {
    return init(seed, DataType.FLOAT);
  }

  /** A tree that draws parameters of a type: DOUBLE for gradient checks. */
  public static Weights init(long seed, DataType type) {
    return new Weights(new Tree(seed, type, null, new LinkedHashMap<>(), null), "", false);
  }

  /** A tree that takes its values from named arrays, cast to FLOAT. */
  public static Weights from(Map<String, INDArray> arrays) {
    return from(arrays, DataType.FLOAT);
  }

  /** A tree that takes its values from named arrays, cast to a type. */
  public static Weights from(Map<String, INDArray> arrays, DataType type) {
    var tree = new Tree(0, type, Source.of(arrays), new LinkedHashMap<>(), null);
    return new Weights(tree, "", false);
  }

  /**
   * A model whose names and shapes are exactly those of the named arrays.
   *
   * <pre>{@code
   * var sam = Weights.load(checkpoint.arrays(), w -> new Sam(w.frozen(), config));
   * }</pre>
   *
   * @throws MismatchException with everything that is missing, unused or of another shape
   */
  public static <M> M load(Map<String, INDArray> arrays, Function<Weights, M> model) {
    return load(Source.of(arrays), model);
  }

  /**
   * A model whose names and shapes are exactly those of a checkpoint. Each array is read when its
   * layer asks for it, so that memory holds the model once and one array more.
   *
   * @throws MismatchException with everything that is missing, unused or of another shape
   * @throws IOException if an array cannot be read
   */
  public static <M> M load(Checkpoint checkpoint, Function<Weights, M> model) throws IOException {
    try {
      return load(Source.of(checkpoint), model);
    } catch (UncheckedIOException e) {
      throw Objects.requireNonNull(e.getCause());
    }
  }

  private static <M> M load(Source source, Function<Weights, M> model) {
    var faults = new Faults(new ArrayList<>(), new ArrayList<>());
    var tree = new Tree(0, DataType.FLOAT, source, new LinkedHashMap<>(), faults);
    var weights = new Weights(tree, "", false);
    var made = model.apply(weights);
    var unused = weights.unused();
    if (faults.missing.isEmpty() && faults.misshaped.isEmpty() && unused.isEmpty()) {
      return made;
    }
    throw new MismatchException(faults.missing, faults.misshaped, unused);
  }

  /** The same tree; parameters asked for here are constants to every tape. */
  public Weights frozen() {
    return new Weights(tree, place, true);
  }

  /** The place one step down. */
  public Weights at(String name) {
    return new Weights(tree, place + name + ".", frozen);
  }

  /** The place of an entry of a list. */
  public Weights at(int index) {
    return at(Integer.toString(index));
  }

  /**
   * The parameter of this name, new or from the file.
   *
   * @throws ShapeException if the file holds it in another shape
   * @throws IllegalStateException if the file lacks it, or it was asked for before
   */
  public Parameter get(String name, Init init, long... shape) {
    return add(name, init, shape, !frozen);
  }

  /** A named array that is saved but not trained, such as a running mean. */
  public Parameter buffer(String name, Init init, long... shape) {
    return add(name, init, shape, false);
  }

  private Parameter add(String name, Init init, long[] shape, boolean trainable) {
    var full = place + name;
    if (tree.parameters.containsKey(full)) {
      throw new IllegalStateException(full + " was asked for twice; give each layer its own place");
    }
    var values = values(full, init, Shape.of(shape));
    var parameter = new Parameter(full, values, trainable);
    if (tree.source != null && tree.source.passing) {
      values.close();
    }
    tree.parameters.put(full, parameter);
    return parameter;
  }

  private INDArray values(String full, Init init, Shape shape) {
    if (tree.source == null) {
      var random = new SplittableRandom(tree.seed ^ hash(full));
      var values = init.values(random, shape);
      return Arrays.reshape(Nd4j.createFromArray(values), shape.toArray()).castTo(tree.type);
    }
    if (!tree.source.names.contains(full)) {
      if (tree.faults != null) {
        tree.faults.missing.add(full);
        return Nd4j.zeros(tree.type, shape.toArray());
      }
      throw new IllegalStateException(
          "checkpoint has no %s; it has %s".formatted(full, nearest(full)));
    }
    var found = tree.source.shape.apply(full);
    if (!found.equals(shape)) {
      var shapes = "%s, expected %s".formatted(found, shape);
      if (tree.faults != null) {
        tree.faults.misshaped.add(full + " " + shapes);
        return Nd4j.zeros(tree.type, shape.toArray());
      }
      throw new ShapeException(full + " has shape " + shapes);
    }
    var array = tree.source.array.apply(full);
    var cast = array.castTo(tree.type);
    if (tree.source.passing && cast != array) {
      array.close();
    }
    return cast;
  }

  // FNV-1a: the same on every machine and in every release
  private static long hash(String name) {
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < name.length(); i++) {
      hash = (hash ^ name.charAt(i)) * 0x100000001b3L;
    }
    return hash;
  }

  private String nearest(String full) {
    var names = tree.source == null ? List.<String>of() : List.copyOf(tree.source.names);
    return String.join(", ", MismatchException.nearest(full, names, 3))
        + (names.size() > 3 ? ", …" : names.isEmpty() ? "nothing" : "");
  }

  /** Every parameter and buffer under this place, in the order in which layers asked for them. */
  public List<Parameter> all() {
    return tree.parameters.values().stream().filter(p -> p.name().startsWith(place)).toList();
  }

  /** The parameters under this place that training changes. */
  public List<Parameter> trainable() {
    return all().stream().filter(Parameter::trainable).toList();
  }

  /** The number of values under this place, buffers not counted. */
  public long count() {
    return trainable().stream().mapToLong(p -> p.shape().elements()).sum();
  }

  /** The arrays under this place by name, as they are now; not copies. */
  public Map<String, INDArray> arrays() {
    return all().stream()
        .collect(
            Collectors.toMap(Parameter::name, Parameter::array, (a, b) -> a, LinkedHashMap::new));
  }

  /** Names in the file that no layer has asked for. */
  public List<String> unused() {
    if (tree.source == null) {
      return List.of();
    }
    var names = new TreeSet<>(tree.source.names);
    names.removeAll(tree.parameters.keySet());
    return List.copyOf(names);
  }

  /**
   * Requires that layers have asked for everything in the file.
   *
   * @throws IllegalStateException naming what is left over
   */
  public void requireAllUsed() {
    var unused = unused();
    if (!unused.isEmpty()) {
      throw new IllegalStateException(
          "checkpoint has %d names that the model does not: %s%s; is it of another model?"
              .formatted(
                  unused.size(),
                  IntStream.range(0, Math.min(5, unused.size()))
                      .mapToObj(unused::get)
                      .collect(Collectors.joining(", ")),
                  unused.size() > 5 ? ", …" : ""));
    }
  }

  /**
   * Replaces the values of everything under this place; nothing changes unless all fit.
   *
   * @throws IllegalStateException if a name is missing
   * @throws ShapeException if a shape differs
   */
  public void assign(Map<String, INDArray> arrays) {
    var fitting = new LinkedHashMap<Parameter, INDArray>();
    for (var parameter : all()) {
      var values = arrays.get(parameter.name());
      if (values == null) {
        throw new IllegalStateException("no values for " + parameter.name());
      }
      Arrays.sameShape(parameter.name(), parameter.array(), values);
      fitting.put(parameter, values);
    }
    fitting.forEach((parameter, values) -> parameter.assign(values.castTo(parameter.type())));
  }

  @Override
  public String toString() {
    return "Weights of " + all().size() + " arrays" + (place.isEmpty() ? "" : " under " + place);
  }
}
