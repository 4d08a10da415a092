// SPDX-License-Identifier: Apache-2.0
package antaboga.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The code that README and docs show. */
public final class Guides {
  /**
   * A snippet.
   *
   * @param where file and line
   * @param code its lines
   * @param output what the guide shows right behind it, or nothing
   */
  record Snippet(String where, String code, String output) {}

  private static final String INDENT = "    ";

  private Guides() {}

  private static List<Path> files() throws IOException {
    var root = Path.of("..");
    try (var docs = Files.list(root.resolve("docs"))) {
      return Stream.concat(Stream.of(root.resolve("README.md")), docs.sorted())
          .filter(file -> file.toString().endsWith(".md"))
          .toList();
    }
  }

  /** Every fenced block of Java. */
  static List<Snippet> java() throws IOException {
    var snippets = new ArrayList<Snippet>();
    for (var file : files()) {
      var lines = Files.readAllLines(file);
      for (int i = 0; i < lines.size(); i++) {
        if (lines.get(i).equals("```java")) {
          int from = i + 1;
          while (!lines.get(++i).equals("```")) {
            // on to its end
          }
          var code = String.join("\n", lines.subList(from, i));
          snippets.add(new Snippet(file + ":" + from, code, indented(lines, i + 2)));
        }
      }
    }
    return snippets;
  }

  private static String indented(List<String> lines, int from) {
    var text = new StringBuilder();
    for (int i = from; i < lines.size() && lines.get(i).startsWith(INDENT); i++) {
      text.append(lines.get(i).substring(INDENT.length())).append('\n');
    }
    return text.toString();
  }

  /** The words behind {@code examples/antaboga} of every command, comments left out. */
  public static List<List<String>> commands() throws IOException {
    var commands = new ArrayList<List<String>>();
    for (var file : files()) {
      var text = Files.readString(file).replaceAll("\\\\\\n\\s*", ""); // lines that go on
      for (var line : text.split("\n", -1)) {
        if (line.startsWith(INDENT + "examples/antaboga")) {
          var words = line.strip().replaceFirst("\\s#.*", "").split("\\s+");
          commands.add(List.of(words).subList(1, words.length));
        }
      }
    }
    return commands;
  }
}
