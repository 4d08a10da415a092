// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import antaboga.Shape;
import antaboga.io.StateDict.Storage;
import antaboga.io.StateDict.View;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What {@code torch.save} writes: the zip container of PyTorch 1.6 and later, and the legacy one.
 *
 * <p>Both hold a pickle, read as a {@link StateDict}, and the storages that its tensors are views
 * of. Every storage must be there and have its size before anything is read; shared, strided and
 * expanded tensors become dense arrays. Source: pytorch, {@code torch/serialization.py}.
 */
final class PyTorchFile {
  /** Gives the bytes of a storage's record for the time of their use. */
  private interface Records {
    INDArray read(Storage storage, ZipArchive.Use<INDArray> use) throws IOException;
  }

  private static final BigInteger LEGACY_MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
  private static final long LEGACY_VERSION = 1001;
  private static final long ALWAYS_INFLATED = 16 << 20;
  private static final long MOST_SHARING = 8; // as much inflated as there is
  private final Path path;
  private final StateDict state = new StateDict();

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
    state.collect(
        path,
        archive.read(
            pickle,
            bytes -> Pickle.read(path, new Pickle.Input(path, bytes, pickle.size()), state)));
    var records = new HashMap<String, ZipArchive.Entry>();
    for (var storage : state.storages().values()) {
      var entry = archive.entries().get(folder + "data/" + storage.key());
      if (entry == null) {
        throw wrong("data/" + storage.key(), "is missing");
      }
      requireSize(storage, entry.size());
      records.put(storage.key(), entry);
    }
    requireLittleInflation(records);
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
      if (!LEGACY_MAGIC.equals(Pickle.read(path, in, state))) {
        throw wrong("magic number", "is not that of torch.save");
      }
      if (!Long.valueOf(LEGACY_VERSION).equals(Pickle.read(path, in, state))) {
        throw wrong("version", "is not " + LEGACY_VERSION);
      }
      if (Pickle.read(path, in, state) instanceof Map<?, ?> system
          && Boolean.FALSE.equals(system.get("little_endian"))) {
        throw wrong("system", "is big-endian; save it on a little-endian machine");
      }
      state.collect(path, Pickle.read(path, in, state));
      var keys = Pickle.read(path, in, state);
      if (!(keys instanceof List<?> list)) {
        throw wrong("storages", "are not listed");
      }
      long at = in.position();
      for (var item : list) {
        if (!(item instanceof String key)) {
          throw wrong("storages", "are not listed by name");
        }
        at = storage(bytes, key, at, file.size(), starts);
      }
      if (at != file.size()) {
        throw wrong("storages", (file.size() - at) + " bytes belong to none");
      }
    }
    for (var storage : state.storages().values()) {
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
    var storage = state.storages().get(key);
    if (storage == null || at > size - Long.BYTES) {
      throw wrong("storage " + key, "is of no tensor, or the file is cut");
    }
    var count = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.read(at, count);
    long start = at + Long.BYTES;
    long length = storage.record() * storage.type().bytes();
    if (count.getLong(0) != storage.record()) {
      throw wrong("storage " + key, count.getLong(0) + " elements, expected " + storage.record());
    }
    if (length > size - start) {
      throw wrong(
          "storage " + key, "%d of %d bytes; the file is cut".formatted(size - start, length));
    }
    if (starts.put(key, start) != null) {
      throw wrong("storage " + key, "comes twice");
    }
    return start + length;
  }

  private Checkpoint checkpoint(Records records) {
    var arrays = new LinkedHashMap<String, StoredArray>();
    state
        .views()
        .forEach(
            (name, view) ->
                arrays.put(
                    name,
                    new StoredArray(
                        view.storage().type(), view.shape(), () -> load(view, records))));
    return new Checkpoint(path.toString(), arrays, state.metadata());
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

  // each tensor inflates its storage from the start: no matter for a few, endless for thousands
  private void requireLittleInflation(Map<String, ZipArchive.Entry> records)
      throws FormatException {
    long inflated = 0;
    long stored = 0;
    for (var entry : records.values()) {
      stored += entry.deflated() ? entry.size() : 0;
    }
    for (var view : state.views().values()) {
      var storage = view.storage();
      var entry = records.get(storage.key());
      if (entry != null && entry.deflated()) {
        inflated += (storage.base() + view.offset() + view.span()) * storage.type().bytes();
      }
      if (inflated < 0 || (inflated - ALWAYS_INFLATED) / MOST_SHARING > stored) {
        throw wrong(
            "zip", "has thousands of tensors in few packed records; pack it without deflating");
      }
    }
  }

  private void requireSize(Storage storage, long bytes) throws FormatException {
    if (storage.record() > bytes || storage.record() * storage.type().bytes() != bytes) {
      throw wrong(
          "data/" + storage.key(),
          bytes + " bytes, expected " + storage.record() + " of " + storage.type());
    }
  }

  private FormatException wrong(String field, String problem) {
    return new FormatException(path, field, problem);
  }
}
