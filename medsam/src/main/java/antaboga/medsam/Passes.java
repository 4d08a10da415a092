// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The passes that run on a model: counted, so that its close can wait for them, and refused from
 * then on. Within a budget they run one after the other on one thread, since what a pass works in
 * stays with its thread for the next one.
 */
final class Passes {
  private static final long IDLE_SECONDS = 60; // then the thread ends, and gives its memory back

  private final MemoryBudget budget;
  private final long held; // by the model itself
  private final Optional<ExecutorService> single;
  private int running;
  private boolean closed;

  Passes(MemoryBudget budget, long held) {
    this.budget = budget;
    this.held = held;
    this.single = budget.isLimited() ? Optional.of(single()) : Optional.empty();
  }

  private static ExecutorService single() {
    var executor =
        new ThreadPoolExecutor(
            1, 1, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), Passes::thread);
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }

  private static Thread thread(Runnable passes) {
    var thread =
        new Thread(
            () -> {
              try {
                passes.run();
              } finally {
                Nd4j.getWorkspaceManager().destroyAllWorkspacesForCurrentThread();
              }
            },
            "antaboga-medsam");
    thread.setDaemon(true);
    return thread;
  }

  MemoryBudget budget() {
    return budget;
  }

  /**
   * Runs a pass.
   *
   * @param what it is, for messages
   * @param need its memory, beside the model's
   */
  <T> T run(String what, long need, Supplier<T> pass) {
    requireOpen(what);
    budget.require(what, held + need);
    return single.isEmpty() ? counted(what, pass) : inTurn(single.get(), what, pass);
  }

  private <T> T counted(String what, Supplier<T> pass) {
    enter(what);
    try {
      return pass.get();
    } finally {
      leave();
    }
  }

  private <T> T inTurn(ExecutorService executor, String what, Supplier<T> pass) {
    try {
      var future = executor.submit(() -> counted(what, pass));
      try {
        return future.get();
      } catch (InterruptedException e) {
        future.cancel(false); // a pass that runs already ends by itself
        Thread.currentThread().interrupt();
        var cancelled = new CancellationException(what + ": interrupted");
        cancelled.initCause(e);
        throw cancelled;
      }
    } catch (RejectedExecutionException e) {
      throw new ModelClosedException(what);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) e.getCause();
    }
  }

  synchronized void requireOpen(String what) {
    if (closed) {
      throw new ModelClosedException(what);
    }
  }

  private synchronized void enter(String what) {
    requireOpen(what);
    running++;
  }

  private synchronized void leave() {
    running--;
    notifyAll();
  }

  /** Refuses further passes, waits for those that run, and the first time gives memory back. */
  void close(Runnable giveBack) {
    boolean first;
    synchronized (this) {
      first = !closed;
      closed = true;
    }
    boolean interrupted = false;
    while (true) {
      try {
        awaitEnd();
        break;
      } catch (InterruptedException e) {
        interrupted = true; // memory in use cannot be given back
      }
    }
    if (first) {
      giveBack.run();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void awaitEnd() throws InterruptedException {
    synchronized (this) {
      while (running > 0) {
        wait();
      }
    }
    if (single.isPresent()) {
      single.get().shutdown();
      while (!single.get().awaitTermination(1, TimeUnit.MINUTES)) {
        // passes that waited are being refused
      }
    }
  }
}
