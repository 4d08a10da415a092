// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Looks for files that are neither read nor refused in words, guided by the branches they reach.
 * One target per format, which differ in their seeds; Jazzer runs one of them per process:
 *
 * <pre>mvn test -pl core -Pfuzz -Dtest=CheckpointFuzz#zip</pre>
 *
 * <p>The seeds lie in {@code src/test/resources/antaboga/io/CheckpointFuzzInputs}; what it finds
 * goes there too, and every build reads all of them again.
 */
class CheckpointFuzz {
  private static final long MOST_BYTES = 64 << 20;

  @FuzzTest(maxDuration = "30s")
  void safetensors(byte[] file) throws IOException {
    read(file);
  }

  @FuzzTest(maxDuration = "30s")
  void zip(byte[] file) throws IOException {
    read(file);
  }

  @FuzzTest(maxDuration = "30s")
  void legacy(byte[] file) throws IOException {
    read(file);
  }

  private static void read(byte[] file) throws IOException {
    var path = Files.createTempFile("antaboga", ".fuzz");
    try {
      Files.write(path, file);
      var checkpoint = Checkpoint.open(path);
      if (HostileFilesTest.bytes(checkpoint) > MOST_BYTES) {
        throw new IllegalStateException(file.length + " bytes make too much of themselves");
      }
      checkpoint.arrays();
    } catch (FormatException e) {
      assert e.path().equals(path.toString()) : e;
    } finally {
      Files.delete(path);
    }
  }
}
