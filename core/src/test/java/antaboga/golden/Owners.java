// SPDX-License-Identifier: Apache-2.0
package antaboga.golden;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** Which module's test answers for a function. */
final class Owners {
  private static final Set<String> MODULES = Set.of("core", "nn", "mamba", "medsam", "distill");

  private record Owner(Pattern function, String module) {}

  private final List<Owner> owners = new ArrayList<>();

  /** From the lines of {@code owners.tsv}: pattern, tab, module; the first that matches counts. */
  Owners(List<String> owners) {
    for (var line : owners) {
      var fields = line.split("\t", -1);
      if (fields.length != 2 || !MODULES.contains(fields[1])) {
        throw new IllegalArgumentException(
            "owners.tsv: '" + line + "', expected pattern, tab, one of " + MODULES);
      }
      this.owners.add(new Owner(Pattern.compile(fields[0]), fields[1]));
    }
  }

  static Owners load() {
    return new Owners(GoldenRunner.lines("owners.tsv"));
  }

  /** The module that owns a function; core if no line says, where it then fails unclaimed. */
  String owner(String function) {
    return owners.stream()
        .filter(o -> o.function().matcher(function).matches())
        .map(Owner::module)
        .findFirst()
        .orElse("core");
  }
}
