// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

import antaboga.examples.run.Inventory;
import antaboga.examples.run.Terminal;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

@Command(
    name = "info",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    customSynopsis = "antaboga info [OPTIONS]",
    header = "Show the machine, the kernels chosen and the models with their sizes.",
    description = {
      "",
      "Prints the processor and its SIMD instructions, Java, the body chosen for every kernel and"
          + " why the others were not, ND4J's natives and the core whose code BLAS runs, and every"
          + " model's exact parameters and multiply-adds per block, with the selective scan"
          + " counted apart (9 B L D N).%n"
    })
final class InfoCommand implements Callable<Integer>, Commands.Speaking {
  private @Nullable Terminal terminal;

  @Override
  public void speak(Terminal to) {
    terminal = to;
  }

  @Override
  public Integer call() {
    new Inventory(java.util.Objects.requireNonNull(terminal)).print();
    return CommandLine.ExitCode.OK;
  }
}
