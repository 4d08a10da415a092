// SPDX-License-Identifier: Apache-2.0
package antaboga;

/** Shapes or types that do not fit together; the message names both sides. */
public final class ShapeException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /** The message says operation, what came and what was expected. */
  public ShapeException(String message) {
    super(message);
  }
}
