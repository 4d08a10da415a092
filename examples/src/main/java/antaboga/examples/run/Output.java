// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.io.WholeFile;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

/** Where results go: checked before the work begins, and replaced whole or not at all. */
public final class Output {
  private Output() {}

  /**
   * A folder to write to, made if it is not there.
   *
   * @param bytes how much will be written, at most
   * @throws Failure if it cannot be written or has not the room; nothing is made then
   */
  public static Path folder(Path folder, long bytes) {
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new Failure("output is a file, not a folder", folder, "give another name");
    }
    long room = room(folder);
    if (room < bytes) {
      throw new Failure(
          "output needs about %d MB, %d MB are free".formatted((bytes >> 20) + 1, room >> 20),
          folder,
          "free some space or give another folder");
    }
    try {
      Files.createDirectories(folder);
      // a test by doing: permissions say nothing on a read-only file system
      Files.delete(Files.createTempFile(folder, ".antaboga", ".try"));
      return folder;
    } catch (IOException e) {
      var why = e instanceof FileSystemException named ? named.getReason() : e.getMessage();
      throw new Failure(
          "output folder cannot be written (%s)".formatted(why == null ? "no permission" : why),
          folder,
          "make it writable or give another folder",
          e);
    }
  }

  /** Makes the folder that a file of at most so many bytes will lie in, if it is not there. */
  public static void fileIn(Path file, long bytes) {
    var folder = file.toAbsolutePath().normalize().getParent();
    if (folder == null || Files.isDirectory(file)) {
      throw new Failure("output is a folder", file, "give the name of a file");
    }
    folder(folder, bytes);
  }

  private static long room(Path folder) {
    var path = folder.toAbsolutePath().normalize();
    while (!Files.exists(path) && path.getParent() != null) {
      path = path.getParent();
    }
    try {
      return Files.getFileStore(path).getUsableSpace();
    } catch (IOException e) {
      return Long.MAX_VALUE; // some containers hide where a folder is mounted
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
    try {
      WholeFile.replace(file, content);
    } catch (IOException e) {
      throw new Failure(e.getMessage() + "; check space and permissions", e);
    }
  }
}
