// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class WorkersTest {
  private static void runsEachOnce(int tasks) {
    var runs = new AtomicIntegerArray(tasks);
    Workers.run(tasks, runs::incrementAndGet);
    for (int i = 0; i < tasks; i++) {
      assertEquals(1, runs.get(i));
    }
  }

  @Test
  void runsEachTaskOnce() {
    for (int tasks : new int[] {0, 1, 2, 3, 100}) {
      runsEachOnce(tasks);
    }
  }

  @Test
  void servesManyCallersAtOnce() throws Exception {
    var callers = Executors.newFixedThreadPool(8);
    try {
      var calls = new ArrayList<Callable<Void>>();
      for (int i = 0; i < 200; i++) {
        int tasks = i % 17;
        calls.add(
            () -> {
              runsEachOnce(tasks);
              return null;
            });
      }
      for (var call : callers.invokeAll(calls)) {
        call.get();
      }
    } finally {
      callers.shutdown();
    }
  }

  @Test
  void runsNestedTasksInPlace() {
    Workers.run(
        4,
        i -> {
          var thread = Thread.currentThread();
          Workers.run(4, j -> assertEquals(thread, Thread.currentThread()));
        });
  }

  @Test
  void throwsTheFailureAfterTheOtherTasks() {
    var runs = new AtomicIntegerArray(9);
    var failure =
        assertThrows(
            IllegalStateException.class,
            () ->
                Workers.run(
                    9,
                    i -> {
                      if (i == 4) {
                        throw new IllegalStateException("four");
                      }
                      LockSupport.parkNanos(1_000_000);
                      runs.incrementAndGet(i);
                    }));
    assertEquals("four", failure.getMessage());
    for (int i = 0; i < 9; i++) {
      assertEquals(i == 4 ? 0 : 1, runs.get(i));
    }
    assertThrows(AssertionError.class, () -> Workers.run(3, i -> assertEquals(7, i)));
  }

  @Test
  void endsNestedTasksToo() {
    var runs = new AtomicIntegerArray(3);
    assertThrows(
        AssertionError.class,
        () ->
            Workers.run(
                2,
                i ->
                    Workers.run(
                        3,
                        j -> {
                          runs.incrementAndGet(j);
                          assertEquals(7, j);
                        })));
    for (int j = 0; j < 3; j++) {
      assertEquals(2, runs.get(j));
    }
  }

  @Test
  void endsItsTasksWhenInterrupted() {
    Thread.currentThread().interrupt();
    runsEachOnce(50);
    assertTrue(Thread.interrupted());
  }
}
