// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

import antaboga.examples.run.Terminal;
import antaboga.examples.study.Jobs;
import antaboga.examples.study.StudyRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "study",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    customSynopsis = "antaboga study FILE.yaml --out=FOLDER [OPTIONS]",
    header = "Train and compare methods on sets, shares of labels and seeds, as a file says.",
    description = {
      "",
      "Runs every cell (set, share, method, seed) that has no result yet, then writes the tables."
          + " Interrupted or killed, the same command goes on from there. Several processes, also on"
          + " other machines that share the folder, may run one study: each takes cells that no"
          + " other works on.%n"
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  antaboga study examples/studies/grid.yaml --data lesions --out runs/grid --jobs 3 --threads 1",
      "  antaboga study examples/studies/grid.yaml --data lesions --out runs/grid --only 'polyp*/10/**'"
    })
final class StudyCommand implements Callable<Integer>, Commands.Speaking {
  @Parameters(paramLabel = "FILE.yaml", description = "The study; see docs/study.md.")
  private Path file = Path.of("");

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FOLDER",
      description = "Where results, checkpoints and tables go.")
  private Path out = Path.of("");

  @Option(
      names = "--data",
      paramLabel = "FOLDER",
      description = "Folder of the sets, instead of the one that the file names.")
  private @Nullable Path data;

  @Option(
      names = "--only",
      paramLabel = "PATTERN",
      split = ",",
      description =
          "Cells to run, as set/percent/method/seed; * stands for a name, ** for several. All"
              + " others are left alone.")
  private List<String> only = List.of();

  @Option(
      names = "--jobs",
      paramLabel = "N",
      defaultValue = "1",
      description = "Processes that share the work, each with its log (${DEFAULT-VALUE}).")
  private int jobs;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of each process (all cores, shared by the processes).")
  private @Nullable Integer threads;

  @Option(names = "--tables", description = "Train nothing: write the tables of what is there.")
  private boolean tables;

  @Option(
      names = "--report",
      description = "Train nothing: write report.html of what is there, with test images.")
  private boolean report;

  private Terminal terminal = Terminal.ofProcess();

  @Override
  public void speak(Terminal to) {
    terminal = to;
  }

  @Override
  public Integer call() throws IOException {
    Arguments.positive("--jobs", jobs);
    if (threads != null) {
      Arguments.positive("--threads", threads);
    }
    var study = StudyRun.of(file, Optional.ofNullable(data), out, only, terminal);
    if (report) {
      study.report();
      return 0;
    }
    if (tables) {
      study.tables();
      return 0;
    }
    if (jobs == 1 && threads == null) {
      return study.run() ? 0 : Antaboga.INTERRUPTED;
    }
    int cores = Runtime.getRuntime().availableProcessors();
    int each = threads == null ? Math.max(1, cores / jobs) : threads;
    var main = Antaboga.class.getName();
    boolean done = Jobs.run(jobs, each, out, main, arguments(), terminal);
    study.tables();
    return done ? 0 : 1;
  }

  /** Those of one process. */
  private List<String> arguments() {
    var arguments = new ArrayList<>(List.of("study", file.toString(), "--out", out.toString()));
    if (data != null) {
      arguments.addAll(List.of("--data", data.toString()));
    }
    only.forEach(pattern -> arguments.addAll(List.of("--only", pattern)));
    return arguments;
  }
}
