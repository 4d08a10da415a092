// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.study;

import antaboga.examples.run.Failure;
import antaboga.examples.run.Interruption;
import antaboga.examples.run.Output;
import antaboga.examples.run.Terminal;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs one command line in several processes, each with its own threads and its own log. */
public final class Jobs {
  private static final String THREADS = "-Dantaboga.threads=";

  private Jobs() {}

  /**
   * Starts the processes and waits for them; a stop that is asked for is passed on.
   *
   * @param jobs how many
   * @param threads of each
   * @param logs the folder of what they say, {@code job-1.log} and so on
   * @param main the class to run
   * @param arguments of the class
   * @return whether all ended well
   * @throws IOException if a process cannot be started
   */
  public static boolean run(
      int jobs, int threads, Path logs, String main, List<String> arguments, Terminal terminal)
      throws IOException {
    Output.folder(logs, 1 << 20);
    var processes = new ArrayList<Process>();
    try (var interruption = Interruption.watch(terminal)) {
      for (int job = 1; job <= jobs; job++) {
        var log = logs.resolve("job-" + job + ".log");
        processes.add(
            new ProcessBuilder(command(threads, main, arguments))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start());
        terminal.say("job %d: %d threads, log %s", job, threads, log);
      }
      boolean well = true;
      for (var process : processes) {
        while (!ended(process)) {
          if (interruption.asked()) {
            processes.forEach(Process::destroy); // asks politely: each saves its step
          }
        }
        well &= process.exitValue() == 0;
      }
      return well;
    }
  }

  private static boolean ended(Process process) {
    try {
      return process.waitFor(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroy();
      return !process.isAlive();
    }
  }

  private static List<String> command(int threads, String main, List<String> arguments) {
    var java =
        ProcessHandle.current()
            .info()
            .command()
            .orElseThrow(
                () ->
                    new Failure(
                        "the name of this Java is unknown", "--jobs", "start several by hand"));
    var command = new ArrayList<String>();
    command.add(java);
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> !option.startsWith(THREADS) && !option.contains("antaboga.terminal"))
        .forEach(command::add);
    command.addAll(List.of(THREADS + threads, "-cp", System.getProperty("java.class.path"), main));
    command.addAll(arguments);
    return command;
  }
}
