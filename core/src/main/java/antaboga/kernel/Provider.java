// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import java.util.Optional;

/** One implementation of a kernel, and whether this machine can run it. */
public interface Provider<K> {
  /** The name by which it is forced: {@code scalar}, {@code vector} or {@code cuda}. */
  String name();

  /** The highest rank that is available is taken. */
  int rank();

  /** Why this machine cannot run it, with the remedy; empty where it can. */
  Optional<String> unavailable();

  /** The kernel; called at most once, and only where it is available. */
  K create();
}
