// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

import antaboga.examples.run.Failure;
import antaboga.examples.run.Terminal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;
import java.util.logging.ConsoleHandler;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/**
 * The command line. Nothing of ND4J is loaded before a sub-command begins its work, so that help
 * and errors in the arguments come at once.
 */
@Command(
    name = "antaboga",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    synopsisSubcommandLabel = "COMMAND",
    header = "Lesion segmentation: MedSAM as teacher, small Mamba networks as students.",
    description = {
      "",
      "Try @|bold antaboga demo|@ first: it trains a teacher and two students on bundled images in"
          + " a few minutes and writes a report.%n"
    },
    commandListHeading = "%nCommands:%n",
    footerHeading = "%n",
    footer = {
      "@|bold antaboga COMMAND --help|@ tells the options of a command.",
      "Exit status: 0 done, 1 failed, 2 wrong arguments, 130 interrupted (to be resumed).",
      "ANTABOGA_OPTS holds further options for Java, such as -Xmx8g. Java's own line about incubator"
          + " modules means its Vector API, which the fast kernels use.",
      "For research only; not a medical device."
    },
    subcommands = {
      DemoCommand.class,
      PretrainCommand.class,
      FinetuneCommand.class,
      TrainCommand.class,
      StudyCommand.class,
      SegmentCommand.class,
      EvaluateCommand.class,
      ConvertCommand.class,
      ExportCommand.class,
      ProfileCommand.class,
      InfoCommand.class
    })
public final class Antaboga implements Runnable {
  private static final String NO_MEMORY = "bad_alloc"; // of native code, by C++'s name

  /** The exit status of a process that Ctrl-C ended. */
  static final int INTERRUPTED = 130;

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Tell what is chosen and, on errors, where they came from.")
  private boolean verbose;

  private final Terminal terminal;

  private Antaboga(Terminal terminal) {
    this.terminal = terminal;
  }

  /** Runs a command and ends the process with its exit status. */
  public static void main(String... arguments) {
    if (Boolean.getBoolean("antaboga.terminal")) {
      System.err.print("\033[1A\033[2K"); // Java's line about incubator modules, seen by people
    }
    System.exit(run(Terminal.ofProcess(), arguments));
  }

  /** Runs a command; returns its exit status. */
  static int run(Terminal terminal, String... arguments) {
    var root = new Antaboga(terminal);
    var line = new CommandLine(root, new Commands(terminal));
    line.setUsageHelpAutoWidth(true);
    line.setUsageHelpLongOptionsMaxWidth(30);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setOut(terminal.resultWriter());
    line.setErr(terminal.progressWriter());
    line.setParameterExceptionHandler(
        (e, args) -> {
          var command = e.getCommandLine().getCommandSpec().qualifiedName();
          terminal.say("antaboga: " + misread(e) + "; see " + command + " --help");
          return CommandLine.ExitCode.USAGE;
        });
    line.setExecutionExceptionHandler((e, command, result) -> root.fail(terminal, e));
    line.setExecutionStrategy(
        parsed -> {
          if (root.verbose) {
            logEverything();
          }
          return new CommandLine.RunLast().execute(parsed);
        });
    try {
      return line.execute(arguments);
    } catch (OutOfMemoryError e) {
      var text = String.valueOf(e.getMessage());
      boolean tensors = text.contains("physicalBytes") || text.contains("maxBytes");
      return root.fail(
          terminal,
          new Failure(
              "memory is exhausted",
              text,
              tensors
                  ? "take a smaller --batch or --size, or allow more: ANTABOGA_OPTS="
                      + "'-Dorg.bytedeco.javacpp.maxbytes=24g"
                      + " -Dorg.bytedeco.javacpp.maxphysicalbytes=30g'"
                  : "take a smaller --batch or --size, or give Java more: ANTABOGA_OPTS=-Xmx8g"));
    } catch (ExceptionInInitializerError e) {
      return root.fail(terminal, e);
    } catch (LinkageError e) {
      return root.fail(
          terminal,
          new Failure(
              "a native library could not be loaded",
              e.toString(),
              "see antaboga info; the build fetches the natives of the machine it runs on"));
    }
  }

  private static String misread(CommandLine.ParameterException e) {
    if (e instanceof CommandLine.UnmatchedArgumentException unmatched) {
      var word = unmatched.getUnmatched().get(0);
      var alike = unmatched.getSuggestions();
      return (word.startsWith("-") ? "unknown option " : "not understood: ")
          + word
          + (alike.isEmpty() ? "" : " (perhaps " + String.join(" or ", alike) + ")");
    }
    var text = String.valueOf(e.getMessage());
    return text.substring(0, 1).toLowerCase(Locale.ROOT) + text.substring(1);
  }

  private static void logEverything() {
    var handler = new ConsoleHandler();
    handler.setLevel(Level.ALL);
    var logger = Logger.getLogger("antaboga");
    logger.setLevel(Level.FINE);
    logger.setUseParentHandlers(false);
    logger.addHandler(handler);
  }

  private int fail(Terminal terminal, Throwable e) {
    terminal.say("antaboga: " + message(e));
    if (verbose) {
      e.printStackTrace();
    }
    return e instanceof WrongArgument ? CommandLine.ExitCode.USAGE : CommandLine.ExitCode.SOFTWARE;
  }

  /** One line that says what, where and the remedy. */
  static String message(Throwable e) {
    boolean wrapped = e instanceof UncheckedIOException || e instanceof ExceptionInInitializerError;
    if (wrapped && e.getCause() != null) {
      return message(e.getCause());
    }
    if (e instanceof NoSuchFileException named) {
      var told = named.getReason() == null ? "no such file: " : "";
      return told + e.getMessage() + "; check the name";
    }
    if (e instanceof AccessDeniedException) {
      return "no permission: " + e.getMessage() + "; change its permissions";
    }
    if (e instanceof FileSystemException) {
      return "file system: " + e.getMessage() + "; check space and permissions";
    }
    var told =
        e instanceof Failure
            || e instanceof WrongArgument
            || e instanceof IOException
            || e instanceof IllegalArgumentException
            || e instanceof IllegalStateException;
    if (told && e.getMessage() != null) {
      return e.getMessage().strip().replaceAll("\\s*\\R\\s*", "\n  ");
    }
    var text = String.valueOf(e.getMessage());
    if (text.contains(NO_MEMORY)) {
      return message(new Failure("memory is exhausted", text, "take a smaller --batch or --size"));
    }
    return "unexpected %s: %s; run again with --verbose and report it"
        .formatted(e.getClass().getSimpleName(), e.getMessage());
  }

  @Override
  public void run() {
    var line = new CommandLine(new Antaboga(terminal), new Commands(terminal));
    line.setUsageHelpAutoWidth(true);
    line.usage(terminal.resultWriter());
  }
}
