// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Notices Ctrl-C and gives the running step time to end and to be saved; the process ends when this
 * is closed, or when a step takes too long.
 */
public final class Interruption implements AutoCloseable {
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread hook;
  private volatile boolean asked;

  private Interruption(Terminal terminal, Duration longest) {
    hook =
        new Thread(
            () -> {
              asked = true;
              terminal.say("\nantaboga: stopping after this step and saving");
              try {
                if (!closed.await(longest.toSeconds(), TimeUnit.SECONDS)) {
                  terminal.say(
                      "antaboga: the step did not end within %s; not saved",
                      Terminal.text(longest));
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // nothing to wait for any more
              }
            },
            "interruption");
  }

  /** Watches from now on; a step has a minute. */
  public static Interruption watch(Terminal terminal) {
    return watch(terminal, Duration.ofMinutes(1));
  }

  /** Watches from now on; a step has so much time to end. */
  public static Interruption watch(Terminal terminal, Duration longest) {
    var interruption = new Interruption(terminal, longest);
    Runtime.getRuntime().addShutdownHook(interruption.hook);
    return interruption;
  }

  /** Whether the user has asked to stop. */
  public boolean asked() {
    return asked;
  }

  @Override
  public void close() {
    closed.countDown();
    if (!asked) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        closed.countDown(); // the process is ending anyway
      }
    }
  }
}
