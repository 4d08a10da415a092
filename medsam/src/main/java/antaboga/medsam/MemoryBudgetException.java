// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

/** Something was refused, before it began, since it needs more memory than its model may take. */
public final class MemoryBudgetException extends IllegalStateException {
  private static final long serialVersionUID = 1L;
  private static final long MEGABYTE = 1 << 20;

  private final long needed;
  private final long budget;

  MemoryBudgetException(String what, long needed, long budget) {
    super(
        "%s needs about %,d MB with the model, the memory budget is %,d MB; raise it, or load the"
                .formatted(what, (needed + MEGABYTE - 1) / MEGABYTE, budget / MEGABYTE)
            + " model for smaller images (MedSamConfig.withInput)");
    this.needed = needed;
    this.budget = budget;
  }

  /** What it would take in bytes, the model included. */
  public long needed() {
    return needed;
  }

  /** The limit in bytes. */
  public long budget() {
    return budget;
  }
}
