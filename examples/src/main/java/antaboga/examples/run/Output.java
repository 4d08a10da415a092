// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;

/** Where results go: checked before the work begins, and replaced whole or not at all. */
public final class Output {
  private Output() {}

  /**
   * A folder to write to, made if it is not there.
   *
   * @param bytes how much will be written, at most
   * @throws Failure if it cannot be written or has not the room
   */
  public static Path folder(Path folder, long bytes) {
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new Failure("output is a file, not a folder", folder, "give another name with --out");
    }
    try {
      Files.createDirectories(folder);
      // a test by doing: permissions say nothing on a read-only file system
      Files.delete(Files.createTempFile(folder, ".antaboga", ".try"));
      long room = Files.getFileStore(folder).getUsableSpace();
      if (room < bytes) {
        throw new Failure(
            "output needs about %d MB, %d MB are free".formatted(bytes >> 20, room >> 20),
            folder,
            "free some space or give another folder with --out");
      }
      return folder;
    } catch (IOException e) {
      throw new Failure(
          "output folder cannot be written",
          folder,
          "change its permissions or give another folder with --out",
          e);
    }
  }

  /** Removes what a demonstration has left in a folder, and nothing else. */
  public static void forget(Path folder) throws IOException {
    if (!Files.exists(folder.resolve("times.tsv"))) {
      return;
    }
    for (var part : List.of("teacher", "labels-only", "whole-method", "embeddings", "times.tsv")) {
      var path = folder.resolve(part);
      if (Files.exists(path)) {
        try (var files = Files.walk(path)) {
          for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
            Files.delete(file);
          }
        }
      }
    }
  }

  /** Writes a file as a whole: nobody ever sees half of it. */
  public static void write(Path file, byte[] content) {
    var target = file.toAbsolutePath();
    try {
      var temporary = Files.createTempFile(target.getParent(), ".antaboga", ".part");
      try {
        Files.write(temporary, content);
        move(temporary, target);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw new Failure(
          "file cannot be written (%s)".formatted(e.getMessage()),
          file,
          "check space and permissions",
          e);
    }
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
