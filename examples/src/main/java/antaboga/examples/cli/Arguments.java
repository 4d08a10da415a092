// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

import java.util.List;

/** Checks of single options, before any work. */
final class Arguments {
  private Arguments() {}

  static void positive(String option, long value) {
    if (value < 1) {
      throw new WrongArgument(option, value, "too little", "give 1 or more");
    }
  }

  static void notNegative(String option, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new WrongArgument(option, value, "no weight", "give 0 or more");
    }
  }

  static void among(String option, List<String> values, List<String> known) {
    for (var value : values) {
      if (!known.contains(value)) {
        throw new WrongArgument(
            option, value, "unknown", "give one of " + String.join(", ", known));
      }
    }
  }

  static void share(String option, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new WrongArgument(option, value, "no share", "give a number from 0 to 1");
    }
  }

  static void rate(String option, double value) {
    if (!(value > 0 && value <= 1)) {
      throw new WrongArgument(option, value, "no learning rate", "give a number such as 1e-3");
    }
  }

  static void factor(String option, double value) {
    if (!(value > 0 && value <= 1000)) {
      throw new WrongArgument(option, value, "no factor", "give a number such as 0.5 or 4");
    }
  }

  static void notNegative(String option, int value) {
    if (value < 0) {
      throw new WrongArgument(option, value, "less than nothing", "give 0 or more");
    }
  }

  static void percent(String option, int value) {
    if (value < 1 || value > 100) {
      throw new WrongArgument(option, value, "no percentage", "give a number from 1 to 100");
    }
  }

  static void studentSize(String option, int value) {
    if (value < 32 || value % 32 != 0) {
      throw new WrongArgument(option, value, "no multiple of 32", "give one, such as 256");
    }
  }
}
