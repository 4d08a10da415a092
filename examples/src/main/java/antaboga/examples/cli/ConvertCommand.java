// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

import antaboga.examples.run.Failure;
import antaboga.examples.run.Output;
import antaboga.examples.run.Terminal;
import antaboga.io.Checkpoint;
import antaboga.io.ElementType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "convert",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    customSynopsis = "antaboga convert FILE --out=FILE [OPTIONS]",
    header = "Write a checkpoint of PyTorch as safetensors.",
    description = {
      "",
      "Reads .pth of any kind, or safetensors, told apart by what they hold; nothing in them is"
          + " run. Writes the model's own arrays, without the levels and prefixes that training"
          + " scripts add, one after the other: memory holds one at a time. 16-bit floats get 32"
          + " bits. Numbers and texts of the file become metadata.%n"
    },
    footerHeading = "%nExample:%n",
    footer = {"  antaboga convert medsam_vit_b.pth --out medsam_vit_b.safetensors"})
final class ConvertCommand implements Callable<Integer>, Commands.Speaking {
  private static final long HEADER = 2 << 20; // names and metadata, at most

  @Parameters(paramLabel = "FILE", description = "A checkpoint.")
  private Path file = Path.of("");

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "Written as a whole or not at all; one that is there is replaced.")
  private Path out = Path.of("");

  @Option(names = "--all", description = "Every array under its full name: optimisers as well.")
  private boolean all;

  private Terminal terminal = Terminal.ofProcess();

  @Override
  public void speak(Terminal to) {
    terminal = to;
  }

  @Override
  public Integer call() throws IOException {
    var whole = Checkpoint.open(file);
    var checkpoint = all ? whole : whole.stateDict();
    if (Files.exists(out) && Files.isSameFile(file, out)) {
      throw new Failure("the checkpoint itself would be replaced", out, "give another --out");
    }
    long elements =
        checkpoint.names().stream().mapToLong(name -> checkpoint.shape(name).elements()).sum();
    long bytes =
        checkpoint.names().stream()
            .mapToLong(name -> checkpoint.shape(name).elements() * width(checkpoint.type(name)))
            .sum();
    Output.fileIn(out, bytes + HEADER);
    // the format's readers in Python ask for it
    checkpoint
        .with("format", "pt")
        .with("converted.from", String.valueOf(file.getFileName()))
        .save(out);
    terminal.say(
        "%,d arrays with %,d elements, %,d bytes",
        checkpoint.names().size(), elements, Files.size(out));
    terminal.print("%s", out);
    return 0;
  }

  private static int width(ElementType type) {
    return Math.max(type.bytes(), Float.BYTES); // 16-bit floats get 32 bits
  }
}
