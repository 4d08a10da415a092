// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

/** An error that the user can mend; its message says what, where and the remedy. */
public final class Failure extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** What happened, the path or option it happened at, and what to do about it. */
  public Failure(String what, Object where, String remedy) {
    super("%s: %s; %s".formatted(what, where, remedy));
  }

  /** The same, with the exception that told it. */
  public Failure(String what, Object where, String remedy, Throwable cause) {
    super("%s: %s; %s".formatted(what, where, remedy), cause);
  }

  /** An exception whose message says all three already. */
  public Failure(String message, Throwable cause) {
    super(message, cause);
  }
}
