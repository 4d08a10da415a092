// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A file that is not what its format promises; the message names the file, the field, the fault.
 */
public final class FormatException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String path;
  private final String field;

  /** Prints as {@code path: field: problem}. */
  public FormatException(Path path, String field, String problem) {
    super(path + ": " + cut(field, 200) + ": " + cut(problem, 1000));
    this.path = path.toString();
    this.field = cut(field, 200);
  }

  // a damaged file may name anything
  private static String cut(String text, int most) {
    return text.length() <= most ? text : text.substring(0, most) + "…";
  }

  /** The file. */
  public String path() {
    return path;
  }

  /** The part of the file at fault: a header field, or the name of an array. */
  public String field() {
    return field;
  }
}
