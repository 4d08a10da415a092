// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

import antaboga.examples.run.Terminal;
import picocli.CommandLine;

/** Makes commands that speak on a given terminal. */
record Commands(Terminal terminal) implements CommandLine.IFactory {
  /** A command that speaks. */
  interface Speaking {
    void speak(Terminal terminal);
  }

  @Override
  public <K> K create(Class<K> type) throws Exception {
    var made = CommandLine.defaultFactory().create(type);
    if (made instanceof Speaking speaking) {
      speaking.speak(terminal);
    }
    return made;
  }
}
