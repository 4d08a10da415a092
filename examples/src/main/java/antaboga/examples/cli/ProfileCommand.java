// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

import antaboga.examples.run.Natives;
import antaboga.examples.run.Network;
import antaboga.examples.run.Profile;
import antaboga.examples.run.Terminal;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "profile",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    customSynopsis = "antaboga profile [OPTIONS]",
    header = "Show where the time of a block or a network goes.",
    description = {
      "",
      "Passes random numbers forwards and back, and prints the milliseconds of each kind of"
          + " operation: medians over the second half of the passes. Threads by"
          + " -Dantaboga.threads=N in ANTABOGA_OPTS.%n"
    })
final class ProfileCommand implements Callable<Integer>, Commands.Speaking {
  private static final List<String> BLOCKS = List.of("vss", "vmamba", "mamba");

  @Option(
      names = "--of",
      paramLabel = "NAME",
      defaultValue = "vss",
      description =
          "vss, vmamba or mamba for a block; or a student, such as vss-unet-tiny"
              + " (${DEFAULT-VALUE}).")
  private String of = "vss";

  @Option(
      names = "--width",
      paramLabel = "CHANNELS",
      defaultValue = "96",
      description = "Of a block (${DEFAULT-VALUE}).")
  private int width;

  @Option(
      names = "--size",
      paramLabel = "PIXELS",
      defaultValue = "64",
      description = "Side of the square input; a multiple of 32 for a student (${DEFAULT-VALUE}).")
  private int size;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "1",
      description = "Images in a pass (${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--passes",
      paramLabel = "N",
      defaultValue = "100",
      description = "So many; the first half warms up (${DEFAULT-VALUE}).")
  private int passes;

  private Terminal terminal = Terminal.ofProcess();

  @Override
  public void speak(Terminal to) {
    terminal = to;
  }

  @Override
  public Integer call() {
    Arguments.among(
        "--of", List.of(of), Stream.concat(BLOCKS.stream(), Network.names().stream()).toList());
    Arguments.positive("--width", width);
    Arguments.positive("--size", size);
    Arguments.positive("--batch", batch);
    Arguments.positive("--passes", passes);
    var network = Network.named(of);
    if (network.isPresent()) {
      Arguments.studentSize("--size", size);
    }
    Natives.prepareSmall();
    var profile =
        network
            .map(n -> Profile.network(n, size, batch, passes))
            .orElseGet(() -> Profile.block(of, width, size, batch, passes));
    terminal.print(profile.table());
    return 0;
  }
}
