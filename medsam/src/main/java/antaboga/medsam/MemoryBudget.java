// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

/**
 * How much memory outside Java's heap a model may take: for its parameters and for the pass that
 * runs, not for the scenes that its user keeps ({@link Scene#bytes()} each). The heap has a limit
 * of its own, {@code -Xmx}; what Java, ND4J and BLAS take for themselves, some 200 MB, comes on
 * top.
 *
 * <p>Passes of a model with a limit run one after the other, on a thread that belongs to the model,
 * whoever asks: each uses all cores by itself. What would not fit is refused before it starts, by
 * an estimate that errs upwards.
 *
 * @param bytes the limit
 */
public record MemoryBudget(long bytes) {
  private static final MemoryBudget UNLIMITED = new MemoryBudget(Long.MAX_VALUE);
  private static final long MEGABYTE = 1 << 20;

  /** Checks the limit. */
  public MemoryBudget {
    if (bytes <= 0) {
      throw new IllegalArgumentException("memory budget of " + bytes + " bytes, expected > 0");
    }
  }

  /** A limit of so many times 2^20 bytes; none if that is more than can be counted. */
  public static MemoryBudget megabytes(long megabytes) {
    return megabytes > Long.MAX_VALUE / MEGABYTE
        ? UNLIMITED
        : new MemoryBudget(Math.max(0, megabytes) * MEGABYTE);
  }

  /** No limit: passes run on the threads that ask, as many at once. */
  public static MemoryBudget unlimited() {
    return UNLIMITED;
  }

  /** Whether there is a limit. */
  public boolean isLimited() {
    return bytes != Long.MAX_VALUE;
  }

  /** Refuses what is not within. */
  void require(String what, long needed) {
    if (needed > bytes) {
      throw new MemoryBudgetException(what, needed, bytes);
    }
  }

  @Override
  public String toString() {
    return isLimited() ? bytes / MEGABYTE + " MB" : "unlimited";
  }
}
