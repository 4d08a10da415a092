// SPDX-License-Identifier: Apache-2.0
package antaboga.golden;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Which module's test answers for a function, and which functions wait to be built. */
final class Owners {
  private static final Set<String> MODULES = Set.of("core", "nn", "mamba", "medsam", "distill");

  private record Owner(Pattern function, String module) {}

  private final List<Owner> owners = new ArrayList<>();
  private final List<Pattern> notYet = new ArrayList<>();

  /**
   * From the lines of {@code owners.tsv} (pattern, tab, module; the first that matches counts) and
   * of {@code not-yet.txt} (a pattern each).
   */
  Owners(List<String> owners, List<String> notYet) {
    for (var line : owners) {
      var fields = line.split("\t", -1);
      if (fields.length != 2 || !MODULES.contains(fields[1])) {
        throw new IllegalArgumentException(
            "owners.tsv: '" + line + "', expected pattern, tab, one of " + MODULES);
      }
      this.owners.add(new Owner(Pattern.compile(fields[0]), fields[1]));
    }
    notYet.forEach(line -> this.notYet.add(Pattern.compile(line)));
  }

  static Owners load() {
    return new Owners(GoldenRunner.lines("owners.tsv"), GoldenRunner.lines("not-yet.txt"));
  }

  /** The module that owns a function; core if no line says, where it then fails unclaimed. */
  String owner(String function) {
    return owners.stream()
        .filter(o -> o.function().matcher(function).matches())
        .map(Owner::module)
        .findFirst()
        .orElse("core");
  }

  boolean notYet(String function) {
    return notYet.stream().anyMatch(p -> p.matcher(function).matches());
  }

  /** Lines of {@code not-yet.txt} all of whose cases the module owns and claims. */
  List<String> needless(Golden golden, String module, Predicate<GoldenCase> claimed) {
    return notYet.stream()
        .filter(
            line -> {
              var cases =
                  golden.cases().stream()
                      .filter(c -> line.matcher(c.function()).matches())
                      .toList();
              return !cases.isEmpty()
                  && cases.stream()
                      .allMatch(c -> owner(c.function()).equals(module) && claimed.test(c));
            })
        .map(Pattern::pattern)
        .toList();
  }
}
