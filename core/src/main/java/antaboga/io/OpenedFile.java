// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;

/**
 * A file whose index was read and whose arrays are still to be. It holds no handle, so it needs no
 * closing and nothing keeps the file from being replaced; but then it refuses to read on.
 */
record OpenedFile(Path path, long size, FileTime modified) {
  static OpenedFile of(Path path) throws IOException {
    if (!Files.exists(path)) {
      throw new NoSuchFileException(path.toString(), null, "no such file");
    }
    var attributes = Files.readAttributes(path, BasicFileAttributes.class);
    if (!attributes.isRegularFile()) {
      throw new FormatException(path, "file", "is not a file");
    }
    return new OpenedFile(path, attributes.size(), attributes.lastModifiedTime());
  }

  /** Opens it for reading, if it is still the file it was. */
  FileChannel channel() throws IOException {
    var now = of(path);
    if (now.size != size || !now.modified.equals(modified)) {
      throw new FormatException(path, "file", "has changed since it was opened; open it again");
    }
    return FileChannel.open(path, StandardOpenOption.READ);
  }
}
