// SPDX-License-Identifier: Apache-2.0
package antaboga.golden;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The named arrays of one group of a case: its inputs, weights, upstream, outputs or gradients. */
public record GoldenGroup(Path folder, String group, JsonNode node) {
  /** The names, in the manifest's order. */
  public Set<String> names() {
    var names = new LinkedHashSet<String>();
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }

  /** Whether the group has this array. */
  public boolean has(String name) {
    return node.has(name);
  }

  /** An array that is not read yet. */
  public GoldenArray array(String name) {
    if (!has(name)) {
      throw new NoSuchElementException(group + " has no " + name + ", it has " + names());
    }
    return new GoldenArray(folder, name, node.get(name));
  }

  /** An array, in the type it is stored in. */
  public INDArray get(String name) {
    return array(name).read();
  }

  /** All arrays by name, in the manifest's order. */
  public Map<String, INDArray> all() {
    var all = new LinkedHashMap<String, INDArray>();
    for (var name : names()) {
      all.put(name, get(name));
    }
    return all;
  }
}
