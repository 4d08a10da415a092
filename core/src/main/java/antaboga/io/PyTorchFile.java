// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.io.Pickle.Opaque;
import antaboga.io.Pickle.Refused;
import antaboga.io.Pickle.Tuple;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What {@code torch.save} writes: the zip container of PyTorch 1.6 and later, and the legacy one.
 *
 * <p>Of pickle it knows what a state dict needs: dictionaries, lists, numbers, text, tensors and
 * parameters. Anything else is refused by name, and nothing is ever run. Nested dictionaries give
 * names like {@code model/blocks.0.weight}; numbers and texts become metadata. Shared, strided and
 * expanded tensors are read as dense arrays. Source: pytorch, {@code torch/serialization.py} and
 * {@code torch/_utils.py}.
 */
final class PyTorchFile {
  /** The elements that several tensors may see; {@code base} counts elements of its record. */
  record Storage(ElementType type, String key, long record, long base, long size) {}

  /** A tensor as it was saved: a view of a storage. */
  record View(Storage storage, long offset, Shape shape, List<Long> strides) {
    /** Whether its elements stand one after the other. */
    boolean dense() {
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

  /** Gives the bytes of a storage's record for the time of their use. */
  private interface Records {
    INDArray read(Storage storage, ZipArchive.Use<INDArray> use) throws IOException;
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

  private static final BigInteger LEGACY_MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
  private static final long LEGACY_VERSION = 1001;
  private static final int DEEPEST = 32;
  private static final int MOST_VISITS = 50_000; // a large model with its optimiser has 5,000
  private static final long MOST_NAME_CHARACTERS = 8 << 20;
  private static final int MOST_AXES = 32; // of ND4J
  private static final long MOST_EXPANDED = 1 << 24; // elements of a view larger than its storage

  private final Path path;
  private final Map<String, View> views = new LinkedHashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final Map<String, Storage> storages = new LinkedHashMap<>();
  private int visits;
  private long characters;

  private PyTorchFile(Path path) {
    this.path = path;
  }

  /** Whether a file that starts so is a zip archive. */
  static boolean startsZip(ByteBuffer start) {
    return start.limit() >= 4 && start.getInt(0) == 0x04034b50;
  }

  /** Whether a file that starts so is a pickle, as the legacy container is. */
  static boolean startsPickle(ByteBuffer start) {
    return start.limit() >= 2
        && start.get(0) == (byte) 0x80
        && start.get(1) >= 2
        && start.get(1) <= 5;
  }

  static Checkpoint openZip(OpenedFile file) throws IOException {
    return new PyTorchFile(file.path()).zip(file);
  }

  static Checkpoint openLegacy(OpenedFile file) throws IOException {
    return new PyTorchFile(file.path()).legacy(file);
  }

  private Checkpoint zip(OpenedFile file) throws IOException {
    var archive = ZipArchive.open(file);
    var pickles =
        archive.entries().values().stream()
            .filter(e -> e.name().matches("[^/]+/data\\.pkl"))
            .toList();
    if (pickles.size() != 1) {
      throw wrong("zip", "has " + pickles.size() + " records data.pkl, expected one");
    }
    var folder = pickles.get(0).name().replaceFirst("[^/]+$", "");
    if (archive.entries().containsKey(folder + "constants.pkl")) {
      throw wrong("zip", "is a TorchScript program; save the state_dict() instead");
    }
    var order = archive.entries().get(folder + "byteorder");
    if (order != null
        && new String(archive.read(order, 16), StandardCharsets.US_ASCII).equals("big")) {
      throw wrong("byteorder", "is big; save it on a little-endian machine");
    }
    var pickle = pickles.get(0);
    collect(
        archive.read(
            pickle,
            bytes -> Pickle.read(path, new Pickle.Input(path, bytes, pickle.size()), new Torch())));
    var records = new HashMap<String, ZipArchive.Entry>();
    for (var storage : storages.values()) {
      var entry = archive.entries().get(folder + "data/" + storage.key());
      if (entry == null) {
        throw wrong("data/" + storage.key(), "is missing");
      }
      requireSize(storage, entry.size());
      records.put(storage.key(), entry);
    }
    return checkpoint(
        (storage, use) -> {
          var entry = records.get(storage.key());
          if (entry == null) {
            throw new IllegalStateException("data/" + storage.key() + " was not checked");
          }
          return archive.read(entry, use);
        });
  }

  private Checkpoint legacy(OpenedFile file) throws IOException {
    var starts = new HashMap<String, Long>();
    try (var channel = file.channel()) {
      ByteSource bytes = (at, into) -> ArrayBytes.readFully(channel, at, into);
      var in = new Pickle.Input(path, bytes, file.size());
      var torch = new Torch();
      if (!LEGACY_MAGIC.equals(Pickle.read(path, in, torch))) {
        throw wrong("magic number", "is not that of torch.save");
      }
      if (!Long.valueOf(LEGACY_VERSION).equals(Pickle.read(path, in, torch))) {
        throw wrong("version", "is not " + LEGACY_VERSION);
      }
      if (Pickle.read(path, in, torch) instanceof Map<?, ?> system
          && Boolean.FALSE.equals(system.get("little_endian"))) {
        throw wrong("system", "is big-endian; save it on a little-endian machine");
      }
      collect(Pickle.read(path, in, torch));
      var keys = Pickle.read(path, in, torch);
      if (!(keys instanceof List<?> list)) {
        throw wrong("storages", "are not listed");
      }
      long at = in.position();
      for (var key : list) {
        at = storage(bytes, String.valueOf(key), at, file.size(), starts);
      }
      if (at != file.size()) {
        throw wrong("storages", (file.size() - at) + " bytes belong to none");
      }
    }
    for (var storage : storages.values()) {
      if (!starts.containsKey(storage.key())) {
        throw wrong("storage " + storage.key(), "is missing");
      }
    }
    return checkpoint(
        (storage, use) -> {
          long start = starts.getOrDefault(storage.key(), file.size());
          try (var channel = file.channel()) {
            return use.of((at, into) -> ArrayBytes.readFully(channel, start + at, into));
          }
        });
  }

  // eight bytes with the number of elements, then the elements
  private long storage(ByteSource bytes, String key, long at, long size, Map<String, Long> starts)
      throws IOException {
    var storage = storages.get(key);
    if (storage == null || at > size - Long.BYTES) {
      throw wrong("storage " + key, "is of no tensor, or the file is cut");
    }
    var count = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.read(at, count);
    long start = at + Long.BYTES;
    long length = storage.record() * storage.type().bytes();
    if (count.getLong(0) != storage.record() || length > size - start) {
      throw wrong(
          "storage " + key,
          count.getLong(0) + " elements, expected " + storage.record() + "; the file is cut");
    }
    if (starts.put(key, start) != null) {
      throw wrong("storage " + key, "comes twice");
    }
    return start + length;
  }

  private Checkpoint checkpoint(Records records) {
    var arrays = new LinkedHashMap<String, StoredArray>();
    views.forEach(
        (name, view) ->
            arrays.put(
                name,
                new StoredArray(view.storage().type(), view.shape(), () -> load(view, records))));
    return new Checkpoint(path.toString(), arrays, metadata);
  }

  private static INDArray load(View view, Records records) throws IOException {
    var storage = view.storage();
    var type = storage.type();
    long first = (storage.base() + view.offset()) * type.bytes();
    return records.read(
        storage,
        bytes -> {
          if (view.dense()) {
            return ArrayBytes.read(bytes, first, type, view.shape());
          }
          var line = ArrayBytes.read(bytes, first, type, Shape.of(view.span()));
          var strides = view.strides().stream().mapToLong(Long::longValue).toArray();
          return ArrayBytes.gather(line, type, view.shape(), strides);
        });
  }

  private void requireSize(Storage storage, long bytes) throws FormatException {
    if (storage.record() > bytes || storage.record() * storage.type().bytes() != bytes) {
      throw wrong(
          "data/" + storage.key(),
          bytes + " bytes, expected " + storage.record() + " of " + storage.type());
    }
  }

  private void collect(Object root) throws FormatException {
    try {
      collect("", root, 0);
    } catch (Refused e) {
      throw wrong("content", String.valueOf(e.getMessage()));
    }
    if (views.isEmpty()) {
      throw wrong("content", "has no tensors");
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
      metadata.put(label, text);
    }
  }

  private FormatException wrong(String field, String problem) {
    return new FormatException(path, field, problem);
  }

  /** What a state dict may name and call. */
  private final class Torch implements Pickle.World {
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
      if (torch && name.matches("b?float\\d*|u?int\\d+|bool|half|double|long|short|strided")) {
        return new Opaque(full); // an element type, in somebody's configuration
      }
      throw new Refused(
          "it names "
              + full
              + ", which no state_dict needs; nothing was run. Save the model's"
              + " state_dict() instead");
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
          map.put(Pickle.key(two.get(0)), two.get(1));
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
              && view.shape().rank() <= MOST_AXES
              && view.strides().stream().allMatch(s -> s >= 0);
      if (!regular || view.offset() > size || view.span() > size - view.offset()) {
        throw new Refused("a tensor beyond its storage: " + view);
      }
      if (view.shape().elements() > Math.max(size, MOST_EXPANDED)) {
        throw new Refused("a tensor of " + view.shape() + " expanded from " + size + " elements");
      }
    }

    private List<Long> longs(Object value) throws Refused {
      var longs = new ArrayList<Long>();
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
}
