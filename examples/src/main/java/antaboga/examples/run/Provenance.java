// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Which Antaboga this is. */
public final class Provenance {
  private Provenance() {}

  /** The version and, in a clone, the commit that is checked out. */
  public static String version() {
    var version = Provenance.class.getPackage().getImplementationVersion();
    var commit = commit();
    return (version == null ? "development" : version)
        + (commit == null ? "" : ", commit " + commit);
  }

  private static @Nullable String commit() {
    var home = System.getProperty("antaboga.home");
    if (home == null) {
      return null;
    }
    try {
      var process =
          new ProcessBuilder("git", "-C", home, "rev-parse", "--short=12", "HEAD")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      var line =
          new String(
                  process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8)
              .strip();
      return line.isEmpty() ? null : line;
    } catch (IOException e) {
      return null; // no git: nobody asks which commit
    }
  }

  /** The folder of the examples: data and launcher. */
  public static Path home() {
    var home = Path.of(System.getProperty("antaboga.home", "examples"));
    return Files.isDirectory(home) ? home : Path.of(".");
  }
}
