// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.study;

import antaboga.examples.run.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * A mapping of a YAML file whose entries are asked for by name and type; an entry that nobody asked
 * for is a mistake of whoever wrote the file.
 */
final class Yaml {
  private final Path file;
  private final String place;
  private final Map<String, Object> entries;
  private final Set<String> asked = new LinkedHashSet<>();

  private Yaml(Path file, String place, Map<String, Object> entries) {
    this.file = file;
    this.place = place;
    this.entries = entries;
  }

  static Yaml read(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new Failure("no such study", file, "give the YAML file that describes it");
    }
    try {
      var settings = LoadSettings.builder().setAllowDuplicateKeys(false).build();
      var root = new Load(settings).loadFromString(Files.readString(file));
      return new Yaml(file, "", mapping(file, "the file", root));
    } catch (IOException | YamlEngineException e) {
      throw new Failure("not readable as YAML (" + e.getMessage() + ")", file, "correct it", e);
    }
  }

  private static Map<String, Object> mapping(Path file, String what, Object value) {
    if (!(value instanceof Map<?, ?> map)) {
      throw new Failure(what + " is no mapping", file, "write names and values, as name: value");
    }
    var entries = new LinkedHashMap<String, Object>();
    map.forEach((key, entry) -> entries.put(String.valueOf(key), entry));
    return entries;
  }

  /** The names, in the order of the file. */
  List<String> names() {
    return List.copyOf(entries.keySet());
  }

  boolean has(String name) {
    return entries.get(name) != null;
  }

  private Object value(String name) {
    asked.add(name);
    var value = entries.get(name);
    if (value == null) {
      throw new Failure(place + name + " is missing", file, "add it");
    }
    return value;
  }

  private Failure wrong(String name, Object value, String expected) {
    return new Failure(
        "%s%s is %s, expected %s".formatted(place, name, value, expected), file, "correct it");
  }

  Yaml at(String name) {
    return new Yaml(file, place + name + ".", mapping(file, place + name, value(name)));
  }

  Optional<Yaml> find(String name) {
    asked.add(name);
    return has(name) ? Optional.of(at(name)) : Optional.empty();
  }

  /** This mapping with the other's entries where it has none. */
  Yaml over(Yaml defaults, Set<String> names) {
    var merged = new LinkedHashMap<String, Object>();
    names.stream().filter(defaults::has).forEach(n -> merged.put(n, defaults.value(n)));
    merged.putAll(entries);
    return new Yaml(file, place, merged);
  }

  String text(String name) {
    return String.valueOf(value(name));
  }

  String text(String name, String otherwise) {
    asked.add(name);
    return has(name) ? text(name) : otherwise;
  }

  String among(String name, List<String> known) {
    return among(name, known, text(name));
  }

  String among(String name, List<String> known, String otherwise) {
    var value = text(name, otherwise);
    if (!known.contains(value)) {
      throw wrong(name, value, "one of " + String.join(", ", known));
    }
    return value;
  }

  List<String> texts(String name) {
    var value = value(name);
    if (!(value instanceof List<?> list) || list.isEmpty()) {
      throw wrong(name, value, "a list, such as [a, b]");
    }
    return list.stream().map(String::valueOf).toList();
  }

  List<String> texts(String name, List<String> otherwise) {
    asked.add(name);
    return has(name) ? texts(name) : otherwise;
  }

  /** Those of a list, or none, that must all be known. */
  List<String> textsAmong(String name, List<String> known) {
    var values = texts(name, List.of());
    for (var value : values) {
      if (!known.contains(value)) {
        throw wrong(name, value, "one of " + String.join(", ", known));
      }
    }
    return values;
  }

  List<Long> integers(String name, long low, long high) {
    var values = texts(name);
    return values.stream().map(value -> integer(name, value, low, high)).toList();
  }

  long integer(String name, long low, long high) {
    return integer(name, value(name), low, high);
  }

  long integer(String name, long low, long high, long otherwise) {
    asked.add(name);
    return has(name) ? integer(name, low, high) : otherwise;
  }

  /** A positive multiple of a number. */
  int multiple(String name, int of, int otherwise) {
    long value = integer(name, of, 1 << 20, otherwise);
    if (value % of != 0) {
      throw wrong(name, value, "a multiple of " + of);
    }
    return (int) value;
  }

  private long integer(String name, Object value, long low, long high) {
    try {
      long number = Long.parseLong(String.valueOf(value));
      if (number >= low && number <= high) {
        return number;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    var least = high >= Integer.MAX_VALUE ? low + " or more" : low + " to " + high;
    throw wrong(name, value, "a whole number, " + least);
  }

  double number(String name, double otherwise) {
    asked.add(name);
    if (!has(name)) {
      return otherwise;
    }
    var value = value(name);
    if (value instanceof Number number && number.doubleValue() >= 0) {
      return number.doubleValue();
    }
    throw wrong(name, value, "a number, 0 or more");
  }

  boolean flag(String name, boolean otherwise) {
    asked.add(name);
    if (!has(name)) {
      return otherwise;
    }
    var value = value(name);
    if (value instanceof Boolean flag) {
      return flag;
    }
    throw wrong(name, value, "true or false");
  }

  /** Refuses entries that were not asked for. */
  void requireAllAsked() {
    for (var name : entries.keySet()) {
      if (!asked.contains(name)) {
        throw new Failure(
            "%s%s is unknown".formatted(place, name),
            file,
            "take one of " + String.join(", ", asked) + ", or leave it out");
      }
    }
  }
}
