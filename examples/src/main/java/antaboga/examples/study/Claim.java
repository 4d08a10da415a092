// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.study;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * A folder that this process works in and no other does; given up when the process ends, however it
 * ends.
 */
final class Claim implements AutoCloseable {
  private final FileChannel file;

  private Claim(FileChannel file) {
    this.file = file;
  }

  /** Claims a folder, which is made if need be; empty if another process has it. */
  static Optional<Claim> of(Path folder) throws IOException {
    Files.createDirectories(folder);
    var file =
        FileChannel.open(
            folder.resolve(".claim"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (file.tryLock() != null) { // held until the channel is closed
      return Optional.of(new Claim(file));
    }
    file.close();
    return Optional.empty();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
