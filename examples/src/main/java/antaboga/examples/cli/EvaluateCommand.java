// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

import antaboga.examples.run.Evaluation;
import antaboga.examples.run.Terminal;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "evaluate",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    customSynopsis = "antaboga evaluate --checkpoint=FILE --data=FOLDER [OPTIONS]",
    header = "Score a checkpoint on images with masks.",
    description = {
      "",
      "Scores each image at its own size, then takes means over images: Dice, IoU, sensitivity,"
          + " specificity, precision, HD95 (the larger of both directed 95th percentiles), ASSD and"
          + " NSD at 2 pixels. Distances to an empty mask are undefined; their number is told. A"
          + " teacher is given the box of every object of the truth.%n"
    })
final class EvaluateCommand implements Callable<Integer>, Commands.Speaking {
  @Option(
      names = "--checkpoint",
      required = true,
      paramLabel = "FILE",
      description = "Student or teacher.")
  private Path checkpoint = Path.of("");

  @Option(
      names = "--data",
      required = true,
      paramLabel = "FOLDER",
      description = "Folder with images/, masks/ and splits/.")
  private Path data = Path.of("");

  @Option(
      names = "--split",
      paramLabel = "LIST",
      defaultValue = "test",
      description = "The list in splits/ (${DEFAULT-VALUE}).")
  private String split = "test";

  @Option(names = "--json", paramLabel = "FILE", description = "Also write means and scores.")
  private @Nullable Path json;

  @Option(names = "--csv", paramLabel = "FILE", description = "Also write a line per image.")
  private @Nullable Path csv;

  private Terminal terminal = Terminal.ofProcess();

  @Override
  public void speak(Terminal to) {
    terminal = to;
  }

  @Override
  public Integer call() throws IOException {
    new Evaluation(
            checkpoint, data, split, Optional.ofNullable(json), Optional.ofNullable(csv), terminal)
        .run();
    return 0;
  }
}
