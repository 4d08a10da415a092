// SPDX-License-Identifier: Apache-2.0
package antaboga.golden;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/**
 * Runs the golden cases that one module owns: every case by exactly one claim of the module's
 * table.
 *
 * <p>The owner of a function stands in {@code owners.tsv}. A case without a claim fails. At the
 * end, one line per section counts the cases:
 *
 * <pre>{@code
 * @TestFactory
 * Stream<DynamicTest> golden() {
 *   return GoldenRunner.of("core")
 *       .claim("F\\.linear", (c, check) -> check.output("out", linear(c.input("x"), ...)))
 *       .tests();
 * }
 * }</pre>
 */
public final class GoldenRunner {
  /** Computes a case and hands each result to the check. */
  public interface Runner {
    /** The case's arrays are read from it; what is computed is compared by the check. */
    void run(GoldenCase golden, Check check) throws Exception;
  }

  private record Claim(Pattern function, Predicate<GoldenCase> when, Runner runner) {
    boolean matches(GoldenCase golden) {
      return function.matcher(golden.function()).matches() && when.test(golden);
    }
  }

  private static final class Count {
    private int passed;
    private int failed;
  }

  private final String module;
  private final Golden golden;
  private final Owners owners;
  private final PrintStream out;
  private final List<Claim> claims = new ArrayList<>();

  GoldenRunner(String module, Golden golden, Owners owners, PrintStream out) {
    this.module = module;
    this.golden = golden;
    this.owners = owners;
    this.out = out;
  }

  /** The runner of a module: core, nn, mamba, medsam or distill. */
  public static GoldenRunner of(String module) {
    return new GoldenRunner(module, Golden.load(), Owners.load(), System.out);
  }

  /** Claims the cases whose whole function text matches the regular expression. */
  public GoldenRunner claim(String function, Runner runner) {
    return claim(function, c -> true, runner);
  }

  /** Claims those cases of the function for which the predicate holds. */
  public GoldenRunner claim(String function, Predicate<GoldenCase> when, Runner runner) {
    claims.add(new Claim(Pattern.compile(function), when, runner));
    return this;
  }

  /** One test per case that the module owns; the counts are printed when the stream is closed. */
  public Stream<DynamicTest> tests() {
    var counts = new LinkedHashMap<String, Count>();
    var tests = new ArrayList<DynamicTest>();
    for (var c : golden.cases()) {
      if (owners.owner(c.function()).equals(module)) {
        var count = counts.computeIfAbsent(c.section(), section -> new Count());
        tests.add(DynamicTest.dynamicTest(c.id(), () -> run(c, count)));
      }
    }
    return tests.stream().onClose(() -> print(counts));
  }

  private void run(GoldenCase c, Count count) throws Exception {
    var matching = claims.stream().filter(claim -> claim.matches(c)).toList();
    count.failed++;
    if (matching.size() != 1) {
      throw new AssertionError(
          c
              + ": "
              + matching.size()
              + " claims of "
              + module
              + " match, expected one: "
              + matching.stream().map(claim -> claim.function().pattern()).toList());
    }
    var check = new Check(c);
    matching.get(0).runner().run(c, check);
    check.finish();
    count.failed--;
    count.passed++;
  }

  private void print(Map<String, Count> counts) {
    counts.forEach(
        (section, n) ->
            out.println(
                "golden " + section + ": " + n.passed + " passed, " + n.failed + " failed"));
  }

  /** Lines of a resource beside the slice, without comments. */
  static List<String> lines(String resource) {
    try (InputStream in = GoldenRunner.class.getResourceAsStream("/golden/" + resource)) {
      if (in == null) {
        throw new IllegalStateException("golden/" + resource + " is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
