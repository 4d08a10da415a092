// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import java.util.ArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs numbered tasks on a pool of daemon threads. Task i always covers the same rows, so that the
 * number of threads never changes a result.
 *
 * <p>The pool has as many threads as processors, or {@code -Dantaboga.threads}.
 */
public final class Workers {
  private static final int THREADS =
      Math.max(
          1, Integer.getInteger("antaboga.threads", Runtime.getRuntime().availableProcessors()));

  private Workers() {}

  private static final class Pool {
    static final ExecutorService THREADS_POOL =
        Executors.newFixedThreadPool(
            Math.max(1, THREADS - 1),
            task -> {
              var thread = new Thread(task, "antaboga-worker");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** True on a thread that already works on a task: nested calls then run in place. */
  private static final ThreadLocal<Boolean> BUSY = ThreadLocal.withInitial(() -> false);

  /** The number of threads that share the work, the caller's included. */
  public static int threads() {
    return THREADS;
  }

  /**
   * Runs {@code task} for 0, 1, … {@code tasks - 1} and returns when all have ended. The calling
   * thread takes part.
   *
   * @throws RuntimeException the first failure of a task; the other tasks still end before
   */
  public static void run(int tasks, IntConsumer task) {
    if (tasks <= 1 || THREADS == 1 || BUSY.get()) {
      for (int i = 0; i < tasks; i++) {
        task.accept(i);
      }
      return;
    }
    var next = new AtomicInteger();
    Runnable loop =
        () -> {
          BUSY.set(true);
          try {
            for (int i = next.getAndIncrement(); i < tasks; i = next.getAndIncrement()) {
              task.accept(i);
            }
          } finally {
            BUSY.set(false);
          }
        };
    var futures = new ArrayList<Future<?>>();
    for (int i = 1; i < Math.min(tasks, THREADS); i++) {
      futures.add(Pool.THREADS_POOL.submit(loop));
    }
    RuntimeException failure = null;
    try {
      loop.run();
    } catch (RuntimeException e) {
      failure = e;
    }
    for (var future : futures) {
      failure = join(future, failure);
    }
    if (failure != null) {
      throw failure;
    }
  }

  private static @Nullable RuntimeException join(
      Future<?> future, @Nullable RuntimeException failure) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          future.get();
          return failure;
        } catch (InterruptedException e) {
          interrupted = true; // the arrays are in use until the task ends
        } catch (ExecutionException e) {
          if (e.getCause() instanceof Error error) {
            throw error;
          }
          return failure != null ? failure : (RuntimeException) e.getCause();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
