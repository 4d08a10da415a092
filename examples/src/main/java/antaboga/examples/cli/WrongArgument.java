// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

/** An option with a value that makes no sense; known before any work. */
final class WrongArgument extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** The option, the value that came, what it is not, and what to give. */
  WrongArgument(String option, Object value, String problem, String remedy) {
    super("%s %s: %s; %s".formatted(option, value, problem, remedy));
  }
}
