// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.io.Pickle.Opaque;
import antaboga.io.Pickle.Refused;
import antaboga.io.Pickle.Tuple;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a state dict's pickle means: dictionaries, lists, numbers, text, tensors and parameters.
 *
 * <p>Anything else is refused by name, and nothing is ever run. Nested dictionaries give names like
 * {@code model/blocks.0.weight}; numbers and texts become metadata. Source: pytorch, {@code
 * torch/_utils.py} and {@code torch/_weights_only_unpickler.py}.
 */
final class StateDict implements Pickle.World {
  /** The elements that several tensors may see; {@code base} counts elements of its record. */
  record Storage(ElementType type, String key, long record, long base, long size) {}

  /** A tensor as it was saved: a view of a storage. */
  record View(Storage storage, long offset, Shape shape, List<Long> strides) {
    /** Whether its elements stand one after the other. */
    boolean dense() {
      if (shape.elements() == 0) {
        return true;
      }
      long step = 1;
      for (int axis = shape.rank() - 1; axis >= 0; axis--) {
        if (shape.size(axis) != 1 && strides.get(axis) != step) {
          return false;
        }
        step *= shape.size(axis);
      }
      return true;
    }

    /** How many elements of the storage lie between its first and its last, both included. */
    long span() {
      if (shape.elements() == 0) {
        return 0;
      }
      long span = 1;
      for (int axis = 0; axis < shape.rank(); axis++) {
        span = Math.addExact(span, Math.multiplyExact(shape.size(axis) - 1, strides.get(axis)));
      }
      return span;
    }
  }

  private enum Call {
    ORDERED_DICT,
    TENSOR,
    PARAMETER,
    SIZE,
    OTHER
  }

  private static final Map<String, ElementType> STORAGES =
      Map.of(
          "DoubleStorage", ElementType.F64,
          "FloatStorage", ElementType.F32,
          "HalfStorage", ElementType.F16,
          "BFloat16Storage", ElementType.BF16,
          "LongStorage", ElementType.I64,
          "IntStorage", ElementType.I32,
          "ShortStorage", ElementType.I16,
          "CharStorage", ElementType.I8,
          "ByteStorage", ElementType.U8,
          "BoolStorage", ElementType.BOOL);

  private static final Map<String, Call> CALLS =
      Map.of(
          "collections.OrderedDict", Call.ORDERED_DICT,
          "torch._utils._rebuild_tensor", Call.TENSOR,
          "torch._utils._rebuild_tensor_v2", Call.TENSOR,
          "torch._utils._rebuild_parameter", Call.PARAMETER,
          "torch.Size", Call.SIZE,
          "torch.device", Call.OTHER,
          "_codecs.encode", Call.OTHER); // byte strings in protocol 2

  private static final int DEEPEST = 32;
  private static final int MOST_VISITS = 50_000; // a large model with its optimiser has 5,000
  private static final long MOST_NAME_CHARACTERS = 8 << 20;
  private static final int MOST_AXES = 32; // of ND4J
  private static final long MOST_SHARING = 8; // as much of tensors as of storages
  private static final long MOST_SCATTERED = 1 << 27; // elements; 1 GiB of the largest
  private static final long MOST_EXPANDED = 1 << 22; // elements of a view larger than its storage
  private static final long MOST_EXPANDED_BYTES = 32 << 20; // of all such views
  private static final int MOST_PAIRS = 100_000; // one list may be used again and again

  private final Map<String, View> views = new LinkedHashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final Map<String, Storage> storages = new LinkedHashMap<>();
  private int visits;
  private int entries; // of OrderedDicts
  private long characters;
  private long bytes;

  /** The tensors by name, in the order of the dictionaries. */
  Map<String, View> views() {
    return Collections.unmodifiableMap(views);
  }

  /** Numbers and texts by name. */
  Map<String, String> metadata() {
    return Collections.unmodifiableMap(metadata);
  }

  /** All storages by key, each as the whole of its record. */
  Map<String, Storage> storages() {
    return Collections.unmodifiableMap(storages);
  }

  /** Names what a pickle holds. */
  void collect(Path path, Object root) throws FormatException {
    try {
      collect("", root, 0);
    } catch (Refused e) {
      throw new FormatException(path, "content", String.valueOf(e.getMessage()));
    }
    if (views.isEmpty()) {
      throw new FormatException(path, "content", "has no tensors");
    }
    long stored = storages.values().stream().mapToLong(x -> x.record() * x.type().bytes()).sum();
    if (bytes < 0 || stored < 0 || (bytes - MOST_EXPANDED_BYTES) / MOST_SHARING > stored) {
      throw new FormatException(
          path, "content", bytes + " bytes of tensors from " + stored + " bytes of storages");
    }
  }

  private void collect(String name, Object value, int depth) throws Refused {
    characters += name.length();
    if (depth > DEEPEST || ++visits > MOST_VISITS || characters > MOST_NAME_CHARACTERS) {
      throw new Refused("is nested too deep, or without end");
    }
    var label = name.isEmpty() ? "tensor" : name;
    if (value instanceof View view) {
      if (views.put(label, view) != null) {
        throw new Refused("two tensors are named " + label);
      }
      bytes += view.shape().elements() * view.storage().type().bytes();
    } else if (value instanceof Map<?, ?> map) {
      for (var e : map.entrySet()) {
        collect(
            name.isEmpty() ? e.getKey().toString() : name + "/" + e.getKey(),
            e.getValue(),
            depth + 1);
      }
    } else if (value instanceof Tuple tuple) {
      collect(name, tuple.items(), depth);
    } else if (value instanceof List<?> list) {
      for (int i = 0; i < list.size(); i++) {
        collect(name.isEmpty() ? "" + i : name + "/" + i, list.get(i), depth + 1);
      }
    } else if (value instanceof String || value instanceof Number || value instanceof Boolean) {
      var text = value.toString();
      characters += text.length();
      if (metadata.put(label, text) != null) {
        throw new Refused("two values are named " + label);
      }
    }
  }

  @Override
  public Object global(String module, String name) throws Refused {
    var full = module + "." + name;
    var call = CALLS.get(full);
    if (call != null) {
      return call;
    }
    boolean torch = module.equals("torch") || module.equals("torch.cuda");
    if (torch && STORAGES.containsKey(name)) {
      return STORAGES.get(name);
    }
    if (torch
        && name.matches("b?float\\d{0,2}|u?int\\d{1,2}|bool|half|double|long|short|strided")) {
      return new Opaque(full); // an element type, in somebody's configuration
    }
    throw new Refused(
        ("it names %s, which no state_dict needs; nothing was run. Save the model's state_dict()"
                + " instead")
            .formatted(full));
  }

  @Override
  public Object call(Object callable, Tuple arguments) throws Refused {
    if (!(callable instanceof Call call)) {
      throw new Refused("a call of what cannot be called");
    }
    var items = arguments.items();
    return switch (call) {
      case ORDERED_DICT -> orderedDict(items);
      case TENSOR -> tensor(items);
      case PARAMETER -> parameter(items);
      case SIZE -> items.isEmpty() ? new Tuple(List.of()) : items.get(0);
      case OTHER -> new Opaque("value");
    };
  }

  private Map<Object, Object> orderedDict(List<Object> items) throws Refused {
    var map = new LinkedHashMap<Object, Object>();
    if (!items.isEmpty() && items.get(0) instanceof List<?> pairs) {
      for (var pair : pairs) {
        var two = sequence(pair);
        if (two.size() != 2) {
          throw new Refused("an OrderedDict of what are no pairs");
        }
        if (++entries > MOST_PAIRS) {
          throw new Refused("more than " + MOST_PAIRS + " entries of OrderedDicts");
        }
        Pickle.putOnce(map, two.get(0), two.get(1));
      }
    }
    return map;
  }

  private View parameter(List<Object> items) throws Refused {
    if (!items.isEmpty() && items.get(0) instanceof View view) {
      return view;
    }
    throw new Refused("a parameter of what is no tensor");
  }

  private View tensor(List<Object> items) throws Refused {
    if (items.size() < 4
        || !(items.get(0) instanceof Storage storage)
        || !(items.get(1) instanceof Long offset)) {
      throw new Refused("a tensor of what is no storage");
    }
    var strides = longs(items.get(3));
    var sizes = longs(items.get(2));
    try {
      var shape = Shape.of(sizes.stream().mapToLong(Long::longValue).toArray());
      var view = new View(storage, offset, shape, strides);
      requireWithin(view);
      return view;
    } catch (ShapeException | ArithmeticException e) {
      throw new Refused("a tensor of shape " + sizes + " and strides " + strides);
    }
  }

  private void requireWithin(View view) throws Refused {
    long size = view.storage().size();
    boolean regular =
        view.offset() >= 0
            && view.strides().size() == view.shape().rank()
            && view.strides().stream().allMatch(s -> s >= 0);
    if (!regular || view.offset() > size || view.span() > size - view.offset()) {
      throw new Refused("a tensor beyond its storage: " + view);
    }
    if (view.shape().elements() > Math.max(size, MOST_EXPANDED)) {
      throw new Refused("a tensor of " + view.shape() + " expanded from " + size + " elements");
    }
    if (!view.dense() && Math.max(view.span(), view.shape().elements()) > MOST_SCATTERED) {
      throw new Refused("a tensor of " + view.shape() + " with gaps, more than can be gathered");
    }
  }

  private List<Long> longs(Object value) throws Refused {
    var longs = new ArrayList<Long>();
    if (sequence(value).size() > MOST_AXES) {
      throw new Refused("a tensor of more than " + MOST_AXES + " axes");
    }
    for (var item : sequence(value)) {
      if (!(item instanceof Long number)) {
        throw new Refused("a size that is no integer");
      }
      longs.add(number);
    }
    return longs;
  }

  private List<?> sequence(Object value) throws Refused {
    if (value instanceof Tuple tuple) {
      return tuple.items();
    }
    if (value instanceof List<?> list) {
      return list;
    }
    throw new Refused("what is neither list nor tuple");
  }

  // ('storage', type, key, location, elements) and, in the legacy container, a view of a part
  @Override
  public Object persistent(Object id) throws Refused {
    if (!(id instanceof Tuple tuple)
        || tuple.items().size() < 5
        || !"storage".equals(tuple.items().get(0))
        || !(tuple.items().get(1) instanceof ElementType type)
        || !(tuple.items().get(2) instanceof String key)
        || !(tuple.items().get(4) instanceof Long elements)
        || elements < 0
        || elements > Long.MAX_VALUE / 8) {
      throw new Refused("a persistent id that is no storage; save the state_dict() instead");
    }
    var whole = new Storage(type, key, elements, 0, elements);
    var known = storages.putIfAbsent(key, whole);
    if (known != null && !known.equals(whole)) {
      throw new Refused("storage " + key + " is described twice, differently");
    }
    if (tuple.items().size() < 6 || !(tuple.items().get(5) instanceof Tuple part)) {
      return whole;
    }
    if (part.items().size() != 3
        || !(part.items().get(1) instanceof Long base)
        || !(part.items().get(2) instanceof Long size)
        || base < 0
        || size < 0
        || base > elements - size) {
      throw new Refused("a part of storage " + key + " beyond it");
    }
    return new Storage(type, key, elements, base, size);
  }
}
