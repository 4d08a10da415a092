// SPDX-License-Identifier: Apache-2.0
package antaboga;

/** A value is NaN or infinite where an operation refuses that; the message says which. */
public final class NonFiniteValueException extends ArithmeticException {
  private static final long serialVersionUID = 1;

  /** With a message that names input, position and value. */
  public NonFiniteValueException(String message) {
    super(message);
  }
}
