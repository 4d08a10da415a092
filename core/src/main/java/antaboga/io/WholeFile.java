// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * Replaces a file as a whole or not at all: writes a temporary file beside it, forces it to the
 * disk and moves it over. Nobody ever sees half a result, not even after a power cut.
 */
public final class WholeFile {
  private static final System.Logger LOG = System.getLogger(WholeFile.class.getName());

  private static final String UNFINISHED = ".partial";

  private WholeFile() {}

  /** What is written. */
  interface Content {
    void writeTo(FileChannel file) throws IOException;
  }

  /**
   * Writes these bytes.
   *
   * @throws IOException naming the file and the reason; what was there before is untouched
   */
  public static void replace(Path path, byte[] bytes) throws IOException {
    replace(
        path,
        file -> {
          var left = ByteBuffer.wrap(bytes);
          while (left.hasRemaining()) {
            file.write(left);
          }
        });
  }

  /**
   * Deletes what processes that were killed have left of unfinished writes of this file; for its
   * only writer.
   *
   * @throws IOException if something cannot be deleted
   */
  public static void forgetUnfinished(Path path) throws IOException {
    var target = path.toAbsolutePath();
    var folder = target.getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      return;
    }
    try (var left = Files.newDirectoryStream(folder, prefix(target) + "*" + UNFINISHED)) {
      for (var file : left) {
        Files.deleteIfExists(file);
      }
    }
  }

  private static String prefix(Path target) {
    return "." + target.getFileName() + ".";
  }

  static void replace(Path path, Content content) throws IOException {
    var target = path.toAbsolutePath();
    var folder = target.getParent();
    if (folder == null || target.getFileName() == null || Files.isDirectory(target)) {
      throw new FormatException(path, "file", "is a folder, expected the name of a file");
    }
    if (!Files.isDirectory(folder)) {
      throw new NoSuchFileException(path.toString(), null, "its folder does not exist; create it");
    }
    // not Files.createTempFile, whose files nobody else may read
    var temporary = folder.resolve(prefix(target) + UUID.randomUUID() + UNFINISHED);
    try {
      try (var file =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        content.writeTo(file);
        file.force(true);
      }
      move(temporary, target);
      forceFolder(folder);
    } catch (FileSystemException e) { // names the temporary file, which nobody knows
      var reason = e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
      var named = new FileSystemException(path.toString(), null, "could not be written: " + reason);
      named.initCause(e);
      throw named;
    } catch (IOException e) {
      throw new IOException(path + ": could not be written: " + e.getMessage(), e);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  // without it the name may be lost in a power cut; Windows has no such call and needs none
  private static void forceFolder(Path folder) {
    try (var file = FileChannel.open(folder, StandardOpenOption.READ)) {
      file.force(true);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "could not force folder " + folder, e);
    }
  }

  private static void move(Path temporary, Path target) throws IOException {
    try {
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
