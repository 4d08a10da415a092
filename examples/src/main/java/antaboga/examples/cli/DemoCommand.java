// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

import antaboga.examples.demo.Demo;
import antaboga.examples.demo.Settings;
import antaboga.examples.run.Output;
import antaboga.examples.run.Provenance;
import antaboga.examples.run.Terminal;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "demo",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    customSynopsis = "antaboga demo [OPTIONS]",
    header = "Train a teacher and two students on bundled images; write a report.",
    description = {
      "",
      "Trains a small teacher with boxes, then the student twice with the same budget: by a few"
          + " labelled images alone, and by the whole method. Scores both on unseen images and"
          + " writes report.html. Interrupted, the same command goes on where it stopped.%n"
    })
final class DemoCommand implements Callable<Integer>, Commands.Speaking {
  @Option(
      names = "--data",
      paramLabel = "FOLDER",
      description =
          "Another data set: images/, masks/, splits/train.txt and test.txt (bundled nuclei).")
  private @Nullable Path data;

  @Option(
      names = "--out",
      paramLabel = "FOLDER",
      description = "Where everything goes (runs/demo-NAME in the current folder).")
  private @Nullable Path out;

  @Option(
      names = "--labelled",
      paramLabel = "PERCENT",
      defaultValue = "10",
      description = "Share of the training images whose masks are read (${DEFAULT-VALUE}).")
  private int labelled;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1337",
      description = "Seed of everything (${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--length",
      paramLabel = "FACTOR",
      defaultValue = "1",
      description = "Takes so many times the usual steps (${DEFAULT-VALUE}).")
  private double length;

  @Option(names = "--fresh", description = "Forget what an earlier run has left in the folder.")
  private boolean fresh;

  private Terminal terminal = Terminal.ofProcess();

  @Override
  public void speak(Terminal to) {
    terminal = to;
  }

  @Override
  public Integer call() throws IOException {
    Arguments.percent("--labelled", labelled);
    Arguments.factor("--length", length);
    var bundled = Provenance.home().resolve("data").resolve("nuclei");
    var folder = data == null ? bundled : data;
    var name = folder.toAbsolutePath().normalize().getFileName();
    var target = out == null ? Path.of("runs", "demo-" + name) : out;
    if (fresh) {
      Output.forget(target);
    }
    var settings = Settings.standard().withSeed(seed).scaled(length);
    var plan = new Demo.Plan(folder, bundled, target, labelled, settings);
    return new Demo(plan, terminal).run() ? 0 : Antaboga.INTERRUPTED;
  }
}
