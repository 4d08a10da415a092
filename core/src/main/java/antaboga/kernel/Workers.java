// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs numbered tasks on a pool of daemon threads. Task i always covers the same rows, so that the
 * number of threads never changes a result.
 *
 * <p>The pool has as many threads as processors, or {@code -Dantaboga.threads}. A thread that has
 * nothing to do stays awake for a moment: operations follow one another closely, and to wake a
 * sleeping thread takes as long as a small one.
 */
public final class Workers {
  private static final int THREADS =
      Math.max(
          1, Integer.getInteger("antaboga.threads", Runtime.getRuntime().availableProcessors()));

  private static final long AWAKE = 50_000; // nanoseconds

  private Workers() {}

  private static final class Pool {
    static final BlockingQueue<Batch> WAITING = new LinkedBlockingQueue<>();

    static {
      for (int i = 1; i < THREADS; i++) {
        var thread = new Thread(Pool::work, "antaboga-worker");
        thread.setDaemon(true);
        thread.start();
      }
    }

    private static void work() {
      BUSY.set(true);
      while (true) {
        stayAwakeUntil(() -> !WAITING.isEmpty());
        try {
          WAITING.take().work();
        } catch (InterruptedException e) {
          // nobody has a reason to interrupt a thread of the pool, and it has none to end
        }
      }
    }
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
      inPlace(tasks, task);
      return;
    }
    var batch = new Batch(tasks, task);
    for (int i = 1; i < Math.min(tasks, THREADS); i++) {
      Pool.WAITING.add(batch);
    }
    BUSY.set(true);
    try {
      batch.work();
    } finally {
      BUSY.set(false);
    }
    batch.await();
  }

  private static void inPlace(int tasks, IntConsumer task) {
    Throwable first = null;
    for (int i = 0; i < tasks; i++) {
      try {
        task.accept(i);
      } catch (RuntimeException | Error e) {
        first = first == null ? e : first;
      }
    }
    fail(first);
  }

  private static void fail(@Nullable Throwable failure) {
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure != null) {
      throw (RuntimeException) failure;
    }
  }

  /** Tasks that some threads share. One that comes when all are taken leaves at once. */
  private static final class Batch {
    private final int tasks;
    private final IntConsumer task;
    private final Thread caller = Thread.currentThread();
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger ended = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    Batch(int tasks, IntConsumer task) {
      this.tasks = tasks;
      this.task = task;
    }

    void work() {
      for (int i = next.getAndIncrement(); i < tasks; i = next.getAndIncrement()) {
        try {
          task.accept(i);
        } catch (RuntimeException | Error e) {
          failure.compareAndSet(null, e);
        } finally {
          if (ended.incrementAndGet() == tasks) {
            LockSupport.unpark(caller);
          }
        }
      }
    }

    void await() {
      stayAwakeUntil(this::hasEnded);
      boolean interrupted = false;
      while (!hasEnded()) { // the arrays are in use until the last task ends
        LockSupport.park(this);
        interrupted |= Thread.interrupted();
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      fail(failure.get());
    }

    private boolean hasEnded() {
      return ended.get() >= tasks;
    }
  }

  private static void stayAwakeUntil(BooleanSupplier condition) {
    long end = System.nanoTime() + AWAKE;
    while (!condition.getAsBoolean() && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }
}
