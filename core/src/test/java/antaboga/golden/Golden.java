// SPDX-License-Identifier: Apache-2.0
package antaboga.golden;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;

/** A folder of reference cases, described by its {@code manifest.json}. */
public final class Golden {
  private static final String SLICE = "core/src/test/resources/golden";

  private final Path folder;
  private final Map<String, GoldenCase> cases = new LinkedHashMap<>();

  private Golden(Path folder) {
    this.folder = folder;
  }

  /** The cases of the folder. */
  public static Golden load(Path folder) {
    try {
      var manifest = json(folder.resolve("manifest.json"));
      var golden = new Golden(folder);
      for (var node : manifest.get("cases")) {
        var c = new GoldenCase(golden, node);
        if (golden.cases.put(c.id(), c) != null) {
          throw new IllegalStateException(folder + ": two cases are named " + c.id());
        }
      }
      return golden;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The cases of the folder named by {@code -Dgolden.dir}, else those kept with the sources. A
   * relative name counts from the module or from the folder above it, where Maven was started.
   */
  public static Golden load() {
    var name = System.getProperty("golden.dir", "");
    return load(name.isBlank() || name.startsWith("${") ? slice() : found(name));
  }

  /** A file of the set, in which NaN and Infinity may stand as Python writes them. */
  public static JsonNode json(Path path) throws IOException {
    return JsonMapper.builder()
        .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
        .build()
        .readTree(path.toFile());
  }

  /** The folder, from which the manifest's file names count. */
  public Path folder() {
    return folder;
  }

  /** The cases, in the manifest's order. */
  public List<GoldenCase> cases() {
    return List.copyOf(cases.values());
  }

  /** The case that another one names, such as the owner of its weights. */
  public GoldenCase get(String id) {
    var c = cases.get(id);
    if (c == null) {
      throw new NoSuchElementException(folder + ": no case is named " + id);
    }
    return c;
  }

  /** The slice kept with the sources, whichever module's test is running. */
  public static Path slice() {
    return found(SLICE);
  }

  private static Path found(String name) {
    for (var from = Path.of("").toAbsolutePath(); from != null; from = from.getParent()) {
      if (Files.exists(from.resolve(name).resolve("manifest.json"))) {
        return from.resolve(name);
      }
    }
    throw new IllegalStateException(
        "golden.dir: " + name + " has no manifest.json, seen from " + Path.of("").toAbsolutePath());
  }
}
