// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

/** Cuts items into tasks of about equal work; the cut depends on sizes alone, never on threads. */
record Split(int items, int tasks) {
  /** Elements of a task: many times a tile, so that a task's scratch costs little. */
  private static final long TASK = 1 << 17;

  /** A range of items, {@code from} to {@code to - 1}. */
  @FunctionalInterface
  interface Range {
    void accept(int task, int from, int to);
  }

  /** Tasks of about 2^17 elements, where each item has {@code width} of them. */
  static Split of(int items, long width) {
    long tasks = (items * width + TASK - 1) / TASK;
    return new Split(items, (int) Math.max(1, Math.min(items, tasks)));
  }

  /** Runs the tasks on the workers. */
  void run(Range range) {
    Workers.run(
        tasks,
        task ->
            range.accept(
                task,
                (int) ((long) items * task / tasks),
                (int) ((long) items * (task + 1) / tasks)));
  }
}
