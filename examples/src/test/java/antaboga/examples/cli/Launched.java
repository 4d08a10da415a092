// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A command in a process of its own, which can be ended from outside. */
record Launched(Process process) {
  interface Sign {
    boolean isThere() throws IOException;
  }

  static Launched of(Path log, Object... words) throws IOException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Antaboga.class.getName()));
    Stream.of(words).map(Object::toString).forEach(command::add);
    return new Launched(
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start());
  }

  /** Waits for a sign of it, or for its end. */
  Launched until(Sign sign) throws Exception {
    while (process.isAlive() && !sign.isThere()) {
      process.waitFor(20, TimeUnit.MILLISECONDS);
    }
    return this;
  }
}
