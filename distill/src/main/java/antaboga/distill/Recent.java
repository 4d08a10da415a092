// SPDX-License-Identifier: Apache-2.0
package antaboga.distill;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The entries used last, up to a number of bytes. */
final class Recent {
  private final LinkedHashMap<String, Map<Integer, float[]>> entries =
      new LinkedHashMap<>(16, 0.75f, true); // in the order of their last use
  private final long most;
  private long bytes;

  Recent(long most) {
    this.most = most;
  }

  Optional<Map<Integer, float[]>> get(String key) {
    return Optional.ofNullable(entries.get(key));
  }

  void put(String key, Map<Integer, float[]> entry) {
    var before = entries.put(key, entry);
    bytes += size(entry) - (before == null ? 0 : size(before));
    var oldest = entries.entrySet().iterator();
    while (bytes > most && oldest.hasNext()) {
      bytes -= size(oldest.next().getValue());
      oldest.remove();
    }
  }

  long bytes() {
    return bytes;
  }

  private static long size(Map<Integer, float[]> entry) {
    return entry.values().stream().mapToLong(values -> (long) Float.BYTES * values.length).sum();
  }
}
