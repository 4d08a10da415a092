// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

import antaboga.examples.run.Terminal;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * What a command did.
 *
 * @param status its exit status
 * @param results what it printed as results
 * @param said what else it said
 */
record Run(int status, String results, String said) {
  static Run of(Object... arguments) {
    var results = new ByteArrayOutputStream();
    var said = new ByteArrayOutputStream();
    var words = new String[arguments.length];
    for (int i = 0; i < words.length; i++) {
      words[i] = arguments[i].toString();
    }
    var terminal =
        new Terminal(
            new PrintStream(results, true, StandardCharsets.UTF_8),
            new PrintStream(said, true, StandardCharsets.UTF_8),
            false);
    int status = Antaboga.run(terminal, words);
    return new Run(
        status, results.toString(StandardCharsets.UTF_8), said.toString(StandardCharsets.UTF_8));
  }

  /** The last line that it said. */
  String complaint() {
    var lines = said.strip().split("\\R", -1);
    return lines[lines.length - 1];
  }
}
