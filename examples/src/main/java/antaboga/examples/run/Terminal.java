// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * Where a command speaks: results on one stream, progress on another, as a bar with the time left
 * on a terminal and as plain lines elsewhere.
 */
public final class Terminal {
  private static final int WIDTH = 96;
  private static final long LINE_EVERY_NANOS = 10_000_000_000L;

  private final PrintStream results;
  private final PrintStream progress;
  private final boolean interactive;

  /** Speaks on these streams; with bars if interactive. */
  public Terminal(PrintStream results, PrintStream progress, boolean interactive) {
    this.results = results;
    this.progress = progress;
    this.interactive = interactive;
  }

  /** The streams of the process; bars where the launcher found a terminal. */
  public static Terminal ofProcess() {
    return new Terminal(System.out, System.err, Boolean.getBoolean("antaboga.terminal"));
  }

  /** The stream of results, as a writer. */
  public PrintWriter resultWriter() {
    return new PrintWriter(results, true, StandardCharsets.UTF_8);
  }

  /** The stream of progress, as a writer. */
  public PrintWriter progressWriter() {
    return new PrintWriter(progress, true, StandardCharsets.UTF_8);
  }

  /** Prints a line of the result. */
  public void print(String format, Object... arguments) {
    results.println(text(format, arguments));
  }

  /** Prints a line that is no result: what is being done, where it was written. */
  public void say(String format, Object... arguments) {
    progress.println(text(format, arguments));
  }

  private static String text(String format, Object... arguments) {
    return arguments.length == 0 ? format : String.format(Locale.ROOT, format, arguments);
  }

  /** Starts a task of so many steps, some of which an earlier run may have done. */
  public Progress start(String task, long steps, long done) {
    return new Progress(task, steps, done);
  }

  /** A duration as people say it: 8.3 s, 2 min 05 s, 1 h 10 min. */
  public static String text(Duration duration) {
    double seconds = duration.toMillis() / 1000.0;
    if (seconds < 100) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    long whole = Math.round(seconds);
    return whole < 3600
        ? String.format(Locale.ROOT, "%d min %02d s", whole / 60, whole % 60)
        : String.format(Locale.ROOT, "%d h %02d min", whole / 3600, whole % 3600 / 60);
  }

  /** One task's progress. */
  public final class Progress implements AutoCloseable {
    private final String task;
    private final long steps;
    private final long begun = System.nanoTime();
    private @Nullable ProgressBar bar;
    private long markedSteps = -1;
    private long markedAt;
    private long lastLine = begun;
    private long done;

    private Progress(String task, long steps, long done) {
      this.task = task;
      this.steps = steps;
      this.done = done;
    }

    /** So many steps are done; the note (a loss, a file) stands beside the bar. */
    public void at(long steps, String note) {
      done = steps;
      long now = System.nanoTime();
      if (markedSteps < 0) { // the first step has loaded and compiled: time is measured from here
        markedSteps = steps;
        markedAt = now;
        bar = interactive ? bar() : null;
      }
      if (bar != null) {
        bar.stepTo(steps);
        bar.setExtraMessage(" " + note);
      } else if (now - lastLine >= LINE_EVERY_NANOS && steps < this.steps) {
        lastLine = now;
        say(
            "%s: %d of %d%s%s",
            task, steps, this.steps, note.isEmpty() ? "" : ", " + note, left(now));
      }
    }

    private String left(long now) {
      long seen = done - markedSteps;
      return seen < 1
          ? ""
          : ", about %s left"
              .formatted(text(Duration.ofNanos((now - markedAt) / seen * (steps - done))));
    }

    private ProgressBar bar() {
      return new ProgressBarBuilder()
          .setTaskName(task)
          .setInitialMax(steps)
          .setStyle(ProgressBarStyle.UNICODE_BLOCK)
          .setUpdateIntervalMillis(250)
          .startsFrom(done, Duration.ZERO)
          .setConsumer(new DelegatingProgressBarConsumer(s -> progress.print("\r" + s), WIDTH))
          .build();
    }

    /** Ends the task with a line of its duration. */
    @Override
    public void close() {
      if (bar != null) {
        bar.close();
        progress.print("\r\033[2K"); // the line below says it better than a full bar
      }
      say(
          "%s: %d of %d in %s",
          task, done, steps, text(Duration.ofNanos(System.nanoTime() - begun)));
    }
  }
}
