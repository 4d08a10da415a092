// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.golden.GoldenCase;
import java.util.regex.Pattern;

/** Options of a golden case: from its params, else from the text of its function. */
public final class Numbers {
  private Numbers() {}

  /** The number in params, else what follows the name in the function's text, else the default. */
  public static double number(GoldenCase golden, String name, double otherwise) {
    if (golden.params().has(name)) {
      return golden.params().get(name).asDouble();
    }
    var match =
        Pattern.compile("\\b" + Pattern.quote(name) + "\\s*=?\\s*(-?\\.?\\d[\\d.]*(e-?\\d+)?)")
            .matcher(golden.function());
    return match.find() ? Double.parseDouble(match.group(1)) : otherwise;
  }

  /** Whether params say so, else whether the function's text holds the word, not set to False. */
  public static boolean flag(GoldenCase golden, String name) {
    if (golden.params().has(name)) {
      return golden.params().get(name).asBoolean();
    }
    return Pattern.compile("\\b" + Pattern.quote(name) + "\\b(?!\\s*=\\s*False)")
        .matcher(golden.function())
        .find();
  }
}
